#include "io/network_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "io/errno_text.h"

namespace noonmark::io {
namespace {

using core::NetworkView;
using core::Vpn;
using core::VpnId;

constexpr std::chrono::milliseconds kSettle{20};  // changes come in bursts
constexpr std::chrono::milliseconds kMount{
    200};  // `ip netns add` mounts the namespace after it made the file
constexpr std::chrono::milliseconds kRetry{5000};

struct Tables {
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
};

/// nullopt when they change all the time. An address of a link that came between the two dumps is left for
/// the notice that is under way.
std::optional<Tables> read_tables(RouteSocket& route) {
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    auto links = route.links();
    auto addresses = route.addresses();
    if (links && addresses) return Tables{std::move(*links), std::move(*addresses)};
  }
  return std::nullopt;
}

/// Null with errno set if there is no network namespace of that name (yet).
std::shared_ptr<const UniqueFd> open_namespace(const std::string& path) {
  auto fd = std::make_shared<UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*fd) return nullptr;
  struct statfs system{};
  if (::fstatfs(fd->get(), &system) == 0 && system.f_type == NSFS_MAGIC) return fd;
  errno = ENOENT;
  return nullptr;
}

std::uint64_t inode_of(const UniqueFd& fd) {
  struct stat status{};
  return ::fstat(fd.get(), &status) == 0 ? status.st_ino : 0;
}

bool same_places(const std::vector<VpnPlace>& a, const std::vector<VpnPlace>& b) {
  return std::ranges::equal(a, b, [](const VpnPlace& x, const VpnPlace& y) {
    return x.vpn == y.vpn && x.incarnation == y.incarnation;
  });
}

}  // namespace

NetworkWatch::NetworkWatch(Loop& loop, base::LogSink& log, std::function<void()> changed,
                           std::string namespace_directory)
    : loop_(loop),
      log_(log),
      changed_([] {}),  // the first look has nobody to tell
      namespace_directory_(std::move(namespace_directory)),
      route_(RouteSocket::open()) {
  if (route_)
    watch_route(*route_);
  else
    log_.write(base::LogLevel::info,
               fmt::format("no rtnetlink ({}): changes of interfaces will not be seen", errno_text(errno)));
  view_.vpns.push_back({});
  refresh();
  changed_ = std::move(changed);
}

NetworkWatch::~NetworkWatch() {
  while (!namespaces_.empty()) forget_namespace(namespaces_.begin()->first);
  if (route_) loop_.unwatch(route_->event_fd());
  if (directory_events_) loop_.unwatch(directory_events_.get());
  if (look_) loop_.cancel(*look_);
  if (retry_) loop_.cancel(*retry_);
}

VpnId NetworkWatch::id_of(const std::string& name) {
  return ids_.try_emplace(name, VpnId{static_cast<std::uint32_t>(ids_.size() + 1)}).first->second;
}

void NetworkWatch::watch_route(RouteSocket& route) {
  const int fd = route.event_fd();
  loop_.watch(fd, POLLIN, [this, &route](short) {
    route.drain_events();
    look_again(kSettle);
  });
}

/// Only where VPN instances are in use and the kernel is a real one: to a simulator this descriptor is always
/// ready.
void NetworkWatch::watch_directory() {
  if (directory_watched_ || used_.empty() || !route_) return;
  if (!directory_events_) {
    directory_events_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!directory_events_) return;
    loop_.watch(directory_events_.get(), POLLIN, [this](short) {
      alignas(inotify_event) std::array<char, 4096> events;
      while (::read(directory_events_.get(), events.data(), events.size()) > 0) {
      }
      look_again(kMount);
    });
  }
  // Fails as long as the directory is not there: the slow retry comes back here.
  directory_watched_ = ::inotify_add_watch(directory_events_.get(), namespace_directory_.c_str(),
                                           IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM) >= 0;
}

void NetworkWatch::look_again(std::chrono::milliseconds delay) {
  if (look_) return;
  look_ = loop_.after(delay, [this] {
    look_.reset();
    refresh();
  });
}

void NetworkWatch::retry_while_missing() {
  if (retry_ || std::ranges::none_of(used_, [this](const std::string& name) { return is_missing(name); }))
    return;
  retry_ = loop_.after(kRetry, [this] {
    retry_.reset();
    refresh();
  });
}

bool NetworkWatch::is_missing(const std::string& name) const {
  return std::ranges::none_of(places_, [&](const VpnPlace& p) { return p.vpn.name == name; });
}

void NetworkWatch::use_vpns(std::set<std::string> names) {
  names.erase("");
  if (names == used_) return;
  used_ = std::move(names);
  std::erase_if(refused_, [this](const std::string& name) { return !used_.contains(name); });
  refresh();
}

std::vector<std::string> NetworkWatch::names_of_namespaces() const {
  std::vector<std::string> names;
  std::error_code error;
  for (auto at = std::filesystem::directory_iterator(namespace_directory_, error);
       !error && at != std::filesystem::directory_iterator(); at.increment(error))
    names.push_back(at->path().filename());
  std::ranges::sort(names);
  return names;
}

void NetworkWatch::refresh() {
  watch_directory();
  NetworkView view;
  std::vector<VpnPlace> places;
  if (!read_own_namespace(view, places) || !read_named_namespaces(view, places)) return look_again(kMount);
  const bool is_new = view != view_ || !same_places(places, places_);
  view_ = std::move(view);
  places_ = std::move(places);
  retry_while_missing();
  if (is_new) changed_();
}

bool NetworkWatch::read_own_namespace(NetworkView& view, std::vector<VpnPlace>& places) {
  view.vpns.push_back({});
  places.push_back({});
  if (!route_) {
    view.interfaces = interfaces_of_getifaddrs();
    return true;
  }
  const auto tables = read_tables(*route_);
  if (!tables) return false;
  view.interfaces = assemble_interfaces(tables->links, tables->addresses, VpnId::public_instance,
                                        [this](const std::string& vrf) { return id_of(vrf); });
  for (const Link& link : tables->links) {
    if (!link.is_vrf) continue;
    const Vpn vpn{id_of(link.interface.name), link.interface.name, Vpn::Kind::vrf};
    view.vpns.push_back(vpn);
    places.push_back({vpn, link.interface.index, nullptr});
  }
  return true;
}

bool NetworkWatch::read_named_namespaces(NetworkView& view, std::vector<VpnPlace>& places) {
  std::set<std::string> there;
  for (const std::string& name : names_of_namespaces()) {
    if (view.find_vpn(name) != nullptr) continue;  // a VRF device has precedence
    const Vpn vpn{id_of(name), name, Vpn::Kind::network_namespace};
    view.vpns.push_back(vpn);
    if (!used_.contains(name)) continue;
    there.insert(name);
    follow_namespace(name);
    const auto known = namespaces_.find(name);
    if (known == namespaces_.end()) continue;
    NamedNamespace& space = known->second;
    places.push_back({vpn, space.incarnation, space.fd});
    const auto tables = read_tables(*space.route);
    if (!tables) return false;
    auto interfaces = assemble_interfaces(tables->links, tables->addresses, vpn.id,
                                          [&](const std::string&) { return vpn.id; });
    std::ranges::move(interfaces, std::back_inserter(view.interfaces));
  }
  std::vector<std::string> gone;
  for (const auto& [name, space] : namespaces_)
    if (!there.contains(name)) gone.push_back(name);
  for (const std::string& name : gone) forget_namespace(name);
  return true;
}

/// Opens the namespace of that name unless it is the one that is open.
void NetworkWatch::follow_namespace(const std::string& name) {
  const auto fd = open_namespace(namespace_directory_ + '/' + name);
  const auto known = namespaces_.find(name);
  if (fd != nullptr && known != namespaces_.end() && known->second.incarnation == inode_of(*fd)) return;
  forget_namespace(name);
  if (fd == nullptr) return;
  std::optional<RouteSocket> route;
  int error = 0;
  {
    const NamespaceScope scope(fd.get());
    error = scope.error();
    if (error == 0) route = RouteSocket::open();
    if (error == 0 && !route) error = errno;
  }
  if (!route) {
    if (refused_.insert(name).second)
      log_.write(base::LogLevel::warning,
                 fmt::format("cannot use VPN instance {}: network namespace: {}{}", name, errno_text(error),
                             error == EPERM ? " (it takes the capability CAP_SYS_ADMIN)" : ""));
    return;
  }
  refused_.erase(name);
  NamedNamespace& space =
      namespaces_.emplace(name, NamedNamespace{fd, inode_of(*fd), std::move(route)}).first->second;
  watch_route(*space.route);
}

void NetworkWatch::forget_namespace(const std::string& name) {
  const auto known = namespaces_.find(name);
  if (known == namespaces_.end()) return;
  loop_.unwatch(known->second.route->event_fd());
  namespaces_.erase(known);
}

}  // namespace noonmark::io
