#include "cli/entry.h"

#include <fmt/format.h>

#include "base/check.h"
#include "config/leaf_text.h"
#include "config/password.h"
#include "config/schema_tables.h"

namespace noonmark::cli {
namespace {

namespace leaves = config::leaves;
using base::fail;
using base::IpAddress;
using base::Result;
using config::KeyRing;
using config::Password;
using config::Values;
using crypto::MacAlgorithm;

// ---- keys

struct TypedPassword {
  Password password;
  bool as_ciphertext = false;
};

Result<TypedPassword> from_cipher(const EntryContext& context, const std::string& text) {
  if (KeyRing::is_ciphertext(text)) {
    auto password = context.keyring.decipher(text);
    if (!password) return tl::unexpected(password.error());
    return TypedPassword{std::move(*password), true};
  }
  if (text.size() > 255) return fail("A password has at most 255 characters.");
  return TypedPassword{{crypto::Secret(std::string_view(text)), false}, false};
}

Result<TypedPassword> typed_password(const EntryContext& context, const Values& values) {
  if (values[leaves::key_cipher]) return from_cipher(context, *values[leaves::key_cipher]);
  if (!values[leaves::key_hex])
    return TypedPassword{{crypto::Secret(std::string_view(*values[leaves::key_password])), false}, false};
  auto secret = config::secret_from_hex(*values[leaves::key_hex]);
  if (!secret) return tl::unexpected(secret.error());
  return TypedPassword{{std::move(*secret), true}, false};
}

/// The ciphertext of the key in `configuration` if it is of this password.
std::optional<std::string> ciphertext_in(const config::Configuration& configuration, const KeyRing& keyring,
                                         std::uint32_t id, const Password& password) {
  const auto* key = configuration.keys.find(id);
  if (key == nullptr) return std::nullopt;
  const auto present = keyring.decipher(key->cipher);
  return present && *present == password ? std::optional(key->cipher) : std::nullopt;
}

Result<void> check_gate(const EntryContext& context, MacAlgorithm algorithm) {
  if (!crypto::is_weak(algorithm) || context.judgement != Judgement::shell) return {};
  if (context.candidate.weak_algorithms == config::WeakAlgorithms::enabled) return {};
  return fail(
      "The weak algorithm is disabled. Run the undo crypto weak-algorithm disable command first, or use "
      "hmac-sha256.");
}

Result<void> check_mac_length(MacAlgorithm algorithm, const std::optional<std::string>& octets) {
  if (!octets) return {};
  if (crypto::digest_size(algorithm) <= 20)
    return fail(fmt::format("mac-length does not apply to {}, whose MACs have one length.",
                            crypto::to_string(algorithm)));
  if (*octets == "32" && algorithm != MacAlgorithm::hmac_sha256)
    return fail(
        fmt::format("mac-length 32 applies to hmac-sha256 only; {} is sent whole, or cut to 20 octets.",
                    crypto::to_string(algorithm)));
  return {};
}

/// Puts the ciphertext of the typed password in its place; the words that were typed go.
void keep_ciphertext(Values& values, std::string ciphertext) {
  values[leaves::key_password].reset();
  values[leaves::key_hex].reset();
  values[leaves::key_cipher] = std::move(ciphertext);
}

// ---- addresses

Result<void> check_ipv4_server(const std::string& text) {
  const auto address = IpAddress::parse_v4(text);
  if (!address)
    return fail(text +
                " has an octet with a leading zero; write it without, so that it is not read as octal.");
  const std::uint32_t value = address->v4_value();
  if (address->is_multicast())
    return fail(text + " is a multicast address; enter the address of one server.");
  if (value == 0xFFFFFFFF || value == 0x7FFFFFFF)
    return fail(text + " is a broadcast address; enter the address of one server.");
  if (value >> 28 == 0xF) return fail(text + " is reserved (240.0.0.0/4); enter the address of one server.");
  if (value >> 24 == 0)
    return fail(text + " is not the address of a host (0.0.0.0/8); enter the address of one server.");
  if (value >> 16 == 0x7F7F)
    return fail(text +
                " is the address of a reference clock; for the local clock use ntp-service refclock-master.");
  return {};
}

Result<void> check_ipv6_host(const std::string& text) {
  if (text.find('%') != std::string::npos)
    return fail(
        "Enter the address without a zone; source-interface names the interface of a link-local address.");
  const auto address = IpAddress::parse_v6(text);
  CHECK(address);
  if (address->is_multicast()) return fail(text + " is a multicast address; enter the address of one host.");
  if (address->is_unspecified())
    return fail(text + " is the unspecified address; enter the address of one host.");
  if (address->is_v4_mapped())
    return fail(text + " is an IPv4-mapped address; enter the IPv4 address itself, without ipv6.");
  return {};
}

bool is_directed_broadcast(const IpAddress& address, const core::InterfaceAddress& own) {
  if (!own.address.is_v4() || own.prefix_length == 0 || own.prefix_length > 30) return false;
  const std::uint32_t host_bits = 0xFFFFFFFFu >> own.prefix_length;
  return address.v4_value() == (own.address.v4_value() | host_bits);
}

Result<void> check_directed_broadcast(const core::NetworkView& network, const IpAddress& address,
                                      const std::string& vpn_name) {
  const auto* vpn = network.find_vpn(vpn_name);
  if (vpn == nullptr || !address.is_v4()) return {};
  for (const auto& interface : network.interfaces)
    for (const auto& own : interface.addresses)
      if (interface.vpn == vpn->id && interface.broadcast && is_directed_broadcast(address, own))
        return fail(
            fmt::format("{} is the broadcast address of interface {}; enter the address of one server.",
                        address.to_string(), interface.name));
  return {};
}

Result<void> check_interface(const EntryContext& context, const std::optional<std::string>& name) {
  if (!name || context.judgement != Judgement::shell) return {};
  return check_interface_name(context.network, *name);
}

Result<void> check_poll_range(const Values& values) {
  const auto& minpoll = values[leaves::server_minpoll];
  const auto& maxpoll = values[leaves::server_maxpoll];
  if (!minpoll || !maxpoll || std::stoi(*minpoll) <= std::stoi(*maxpoll)) return {};
  return fail(fmt::format("minpoll {} is greater than maxpoll {}.", *minpoll, *maxpoll));
}

// ---- rules of access lists

/// What LeafType lets pass: octets with leading zeros, zones. An IPv6 address and a length become a prefix.
template <base::Family F>
Result<void> check_source(Values& values) {
  if constexpr (F == base::Family::ipv4) {
    for (const auto leaf : {leaves::rule_source, leaves::rule_wildcard})
      if (values[leaf] && !IpAddress::parse_v4(*values[leaf]))
        return fail(*values[leaf] +
                    " has an octet with a leading zero; write it without, so that it is not read as octal.");
  } else {
    auto& address = values[leaves::rule_ipv6_source];
    auto& length = values[leaves::rule_prefix_length];
    if (!address || !length) return {};
    if (!IpAddress::parse_v6(*address)) return fail("Enter the source address without a zone.");
    values[leaves::rule_prefix] = fmt::format("{}/{}", *address, *length);
    address.reset();
    length.reset();
  }
  return {};
}

/// The rule that the words would be, on its own.
template <base::Family F>
config::AclRule typed_rule(const Values& values) {
  auto rule = leaves::blank_rule<F>();
  if constexpr (F == base::Family::ipv4)
    CHECK(config::read_row<leaves::ipv4_rule>(values, rule));
  else
    CHECK(config::read_row<leaves::ipv6_rule>(values, rule));
  rule.source = config::masked(rule.source, rule.mask);
  return rule;
}

}  // namespace

Result<void> admit_sysname(const EntryContext& context, Values& values, std::vector<std::string>&) {
  if (context.judgement == Judgement::shell && values[0]->find_first_of("<>[]") != std::string::npos)
    return fail("A host name has none of the characters < > [ ], which stand around it in prompts.");
  return {};
}

Result<void> admit_key(const EntryContext& context, Values& values, std::vector<std::string>& notices) {
  const auto algorithm = crypto::parse_mac_algorithm(*values[leaves::key_mode]);
  CHECK(algorithm);
  if (auto open = check_gate(context, *algorithm); !open) return open;
  if (auto length = check_mac_length(*algorithm, values[leaves::key_mac_length]); !length) return length;
  const auto& plain = values[leaves::key_password];
  if (plain && KeyRing::is_ciphertext(*plain) && context.judgement == Judgement::shell)
    notices.emplace_back(
        "Warning: The password is taken as plain text although it looks like cipher text; write cipher "
        "before "
        "it if it is.");
  const bool stored = context.judgement == Judgement::stored;
  if (stored && values[leaves::key_cipher] && KeyRing::is_ciphertext(*values[leaves::key_cipher])) return {};

  const auto typed = typed_password(context, values);
  if (!typed) return tl::unexpected(typed.error());
  if (auto length = config::check_length(*algorithm, typed->password); !length) return length;

  std::uint32_t id = 0;
  CHECK(config::from_text(*values[leaves::key_id], id));
  auto known = ciphertext_in(context.candidate, context.keyring, id, typed->password);
  if (!known) known = ciphertext_in(context.running, context.keyring, id, typed->password);
  const bool judged = context.judgement == Judgement::shell && context.candidate.complexity_check;
  if (judged && !(typed->as_ciphertext && known))
    if (auto complex = config::check_complexity(typed->password); !complex) return complex;

  if (!known)
    known = typed->as_ciphertext ? *values[leaves::key_cipher] : context.keyring.encipher(typed->password);
  keep_ciphertext(values, std::move(*known));
  if (crypto::is_weak(*algorithm) && context.judgement == Judgement::shell)
    notices.push_back(fmt::format("Warning: {} is a weak algorithm; hmac-sha256 is recommended.",
                                  crypto::to_string(*algorithm)));
  return {};
}

Result<void> admit_server(const EntryContext& context, Values& values, std::vector<std::string>&) {
  const auto& address = *values[leaves::server_address];
  const bool ipv6 = address.find(':') != std::string::npos;
  if (auto host = ipv6 ? check_ipv6_host(address) : check_ipv4_server(address); !host) return host;
  if (auto range = check_poll_range(values); !range) return range;
  if (auto interface = check_interface(context, values[leaves::server_source_interface]); !interface)
    return interface;
  if (context.judgement != Judgement::shell) return {};
  return check_directed_broadcast(context.network, *IpAddress::parse(address),
                                  values[leaves::server_vpn].value_or(""));
}

Result<void> admit_source_interface(const EntryContext& context, Values& values, std::vector<std::string>&) {
  return check_interface(context, values[1]);
}

Result<void> admit_listen_interface(const EntryContext& context, Values& values, std::vector<std::string>&) {
  return check_interface(context, values[0]);
}

Result<void> admit_listen_address(const EntryContext&, Values& values, std::vector<std::string>&) {
  return check_ipv6_host(*values[0]);
}

Result<void> admit_group(const EntryContext&, Values& values, std::vector<std::string>&) {
  const auto& text = values[leaves::kGroupLeaf];
  if (!text) return {};
  if (text->find('%') != std::string::npos)
    return fail("Enter the group without a zone; the interface of the view says on which link it is.");
  const auto group = IpAddress::parse(*text);
  if (group && group->is_multicast()) return {};
  return fail(fmt::format("{} is not the address of a multicast group; enter one of {}.", *text,
                          text->find(':') == std::string::npos ? "224.0.0.0/4" : "ff00::/8"));
}

template <base::Family F>
Result<void> admit_acl(const EntryContext& context, Values& values, std::vector<std::string>&) {
  const auto* acl = config::find_acl(context.candidate, F, *values[leaves::acl_itself]);
  if (acl == nullptr) return {};
  values[leaves::acl_itself] = acl->name;
  if (context.judgement == Judgement::stored) return {};
  const auto keep = [&](std::size_t leaf, std::string text) {
    if (leaf < values.size() && !values[leaf]) values[leaf] = std::move(text);
  };
  keep(leaves::acl_match_order, config::to_text(acl->match_order));
  if (acl->number != 0) keep(leaves::acl_number, config::to_text(acl->number));
  return {};
}
template Result<void> admit_acl<base::Family::ipv4>(const EntryContext&, Values&, std::vector<std::string>&);
template Result<void> admit_acl<base::Family::ipv6>(const EntryContext&, Values&, std::vector<std::string>&);

Result<void> admit_acl_description(const EntryContext&, Values& values, std::vector<std::string>&) {
  const auto& text = *values[1];
  if (text.find('"') != std::string::npos) return fail("A description has no double quotes.");
  if (text.front() == ' ' || text.back() == ' ') return fail("A description begins and ends with no blank.");
  return {};
}

template <base::Family F>
Result<void> admit_rule(const EntryContext& context, Values& values, std::vector<std::string>& notices) {
  if (auto readable = check_source<F>(values); !readable) return readable;
  if (values[leaves::rule_id]) return {};
  config::AclRule rule = typed_rule<F>(values);
  const auto* acl = context.candidate.acls.find({F, rule.acl});
  if (acl == nullptr) return config::schemas::acl_is_gone(rule.acl);
  for (const auto* known : config::rules_in_order(context.candidate, *acl)) {
    rule.id = known->id;
    if (rule != *known) continue;
    values[leaves::rule_id] = config::to_text(known->id);
    notices.push_back(fmt::format("Info: The rule is there already, as rule {}.", known->id));
    return {};
  }
  const auto next = config::next_rule_id(context.candidate, *acl);
  if (!next) return tl::unexpected(next.error());
  values[leaves::rule_id] = config::to_text(*next);
  return {};
}
template Result<void> admit_rule<base::Family::ipv4>(const EntryContext&, Values&, std::vector<std::string>&);
template Result<void> admit_rule<base::Family::ipv6>(const EntryContext&, Values&, std::vector<std::string>&);

Result<void> admit_listen_all(const EntryContext& context, Values& values,
                              std::vector<std::string>& notices) {
  if (values[1] != "disable" || context.judgement != Judgement::shell) return {};
  notices.emplace_back(
      values[0]
          ? "Warning: Only addresses of ntp-service ipv6 server source-address receive IPv6 NTP requests."
          : "Warning: Only interfaces of ntp-service server source-interface receive IPv4 NTP requests.");
  return {};
}

Result<void> check_interface_name(const core::NetworkView& network, const std::string& name) {
  const auto found = network.find_interfaces(name);
  for (const auto* one : found)
    for (const auto* other : found)
      if (one->index < other->index && network.share_namespace(one->vpn, other->vpn))
        return fail(
            fmt::format("{} names two interfaces, {} and {}; take the alias from one of them "
                        "(ip link set dev {} alias '').",
                        name, one->name, other->name, other->name));
  return {};
}

}  // namespace noonmark::cli
