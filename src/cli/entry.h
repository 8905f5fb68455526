#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/keyring.h"
#include "config/leaf.h"
#include "config/model.h"
#include "core/network_view.h"

namespace noonmark::cli {

/// How strictly a configuration line is judged.
enum class Judgement {
  shell,   // all of it
  file,    // --config: neither gate and complexity check nor the machine's present state
  stored,  // start and rollback: as `file`, and ciphertext is taken as it is
};

/// What an entered configuration line is judged against.
struct EntryContext {
  const config::Configuration& candidate;
  const config::Configuration& running;
  const config::KeyRing& keyring;
  const core::NetworkView& network;  // looked at in Judgement::shell only
  Judgement judgement = Judgement::shell;
};

/// The checks of a line beyond its grammar: the class of an address, the gate, passwords. May rewrite values
/// (a plaintext password becomes ciphertext) and add notices, lines that begin with "Warning: " or "Info: ".
using Admit = base::Result<void> (*)(const EntryContext&, config::Values&, std::vector<std::string>& notices);

base::Result<void> admit_sysname(const EntryContext&, config::Values&, std::vector<std::string>& notices);
base::Result<void> admit_key(const EntryContext&, config::Values&, std::vector<std::string>& notices);
base::Result<void> admit_server(const EntryContext&, config::Values&, std::vector<std::string>& notices);
base::Result<void> admit_source_interface(const EntryContext&, config::Values&,
                                          std::vector<std::string>& notices);
base::Result<void> admit_listen_interface(const EntryContext&, config::Values&,
                                          std::vector<std::string>& notices);
base::Result<void> admit_listen_address(const EntryContext&, config::Values&,
                                        std::vector<std::string>& notices);
base::Result<void> admit_listen_all(const EntryContext&, config::Values&, std::vector<std::string>& notices);

/// The multicast group of a line of an interface, if it has one.
base::Result<void> admit_group(const EntryContext&, config::Values&, std::vector<std::string>& notices);
/// A number of a list with a name becomes that name; what the line does not say stays, but of a stored one.
template <base::Family F>
base::Result<void> admit_acl(const EntryContext&, config::Values&, std::vector<std::string>& notices);
base::Result<void> admit_acl_description(const EntryContext&, config::Values&,
                                         std::vector<std::string>& notices);
/// Gives a rule without a number one; a prefix typed in two words becomes one.
template <base::Family F>
base::Result<void> admit_rule(const EntryContext&, config::Values&, std::vector<std::string>& notices);

/// Fails if two interfaces have this name (an alias on both, say); names them.
base::Result<void> check_interface_name(const core::NetworkView& network, const std::string& name);

}  // namespace noonmark::cli
