#include "sim/scenario_table.h"

#include <algorithm>
#include <array>

namespace noonmark::sim {
namespace {

using S = SectionKind;
using Event = ClientEvent::Kind;

WorldConfig& current(Draft& d, const WorldConfig*) { return d.scenario.world; }
OscillatorConfig& current(Draft& d, const OscillatorConfig*) { return d.scenario.oscillators.back(); }
ServerConfig& current(Draft& d, const ServerConfig*) { return d.scenario.servers.back(); }
ClientConfig& current(Draft& d, const ClientConfig*) { return d.scenario.clients.back(); }

template <class Config>
Config& at_work(Draft& d) {
  return current(d, static_cast<const Config*>(nullptr));
}

template <class T>
T converted(const Arguments& a, std::size_t i) {
  if constexpr (std::is_same_v<T, std::string>)
    return a.text(i);
  else if constexpr (std::is_same_v<T, std::optional<IpAddress>>)
    return IpAddress::parse(a.text(i));
  else
    return static_cast<T>(a.number(i));
}

template <class Config, class T, T Config::* Member>
void put_member(Draft& d, const Arguments& a) {
  at_work<Config>(d).*Member = converted<T>(a, 0);
}
template <class Config, class T>
struct MemberOf {
  template <T Config::* Member>
  static constexpr auto put = &put_member<Config, T, Member>;
};
template <class Config, class T>
MemberOf<Config, T> member_of(T Config::*);
/// Stores the line's value in a member of the section at work.
template <auto Member>
constexpr auto put = decltype(member_of(Member))::template put<Member>;

template <double DirectionConfig::* Member>
void put_direction(Draft& d, const Arguments& a) {
  for (auto* direction : d.directions) direction->*Member = a.number(0);
}
template <Law::Kind Kind>
void put_jitter(Draft& d, const Arguments& a) {
  Law law{.kind = Kind};
  if (!a.numbers.empty()) law.first = a.number(0);
  if (a.numbers.size() > 1) law.second = a.number(1);
  for (auto* direction : d.directions) direction->jitter = law;
}
template <Law::Kind Kind>
void put_spikes(Draft& d, const Arguments& a) {
  for (auto* direction : d.directions) {
    direction->spike_probability = a.number(0);
    direction->spike = {.kind = Kind, .first = a.number(1), .second = a.numbers.size() > 2 ? a.number(2) : 0};
  }
}
template <bool ByPacket>
void put_parallel(Draft& d, const Arguments& a) {
  for (auto* direction : d.directions) {
    direction->parallel = a.numbers;
    direction->by_packet = ByPacket;
  }
}
void put_load(Draft& d, const Arguments& a) {
  for (auto* direction : d.directions)
    direction->load = {.on = a.number(0),
                       .off = a.number(1),
                       .shape = a.number(2),
                       .low = a.number(3),
                       .high = a.number(4),
                       .queue = {.kind = Law::Kind::gamma, .first = a.number(5), .second = a.number(6)}};
}
void put_queue(Draft& d, const Arguments& a) {
  for (auto* direction : d.directions) direction->queue = {a.number(0), std::max(1.0, a.number(1))};
}
void add_route(Draft& d, const Arguments& a) {
  for (auto* direction : d.directions) direction->routes.push_back({a.number(0), a.number(1)});
}
template <double Change>
void put_leap(Draft& d, const Arguments& a) {
  d.scenario.world.leap = WorldConfig::Leap{a.number(0), Change};
}
template <int Code>
void put_server_leap(Draft& d, const Arguments&) {
  d.scenario.servers.back().leap = static_cast<std::uint8_t>(Code);
}
template <Event Kind, bool Announced>
void add_event(Draft& d, const Arguments& a) {
  d.scenario.clients.back().events.push_back({.kind = Kind,
                                              .at = a.number(0),
                                              .by = a.numbers.size() > 1 ? a.number(1) : 0,
                                              .announced = Announced,
                                              .line = a.line});
}
template <core::AssociationMode Mode>
void put_follow(Draft& d, const Arguments& a) {
  auto& follows = d.scenario.clients.back().follows;
  auto same = std::ranges::find_if(
      follows, [&](const FollowConfig& f) { return f.mode == Mode && f.group == a.text(0); });
  if (same == follows.end()) same = follows.insert(same, FollowConfig{});
  *same = {.mode = Mode,
           .group = a.text(0),
           .count = a.numbers.empty() ? 1 : static_cast<std::uint32_t>(a.number(0)),
           .options = a.text(1),
           .line = a.line,
           .server = {}};
}
void put_client_path(Draft& d, const Arguments& a) {
  const std::string group = a.texts.size() > 1 ? a.text(1) : "";
  auto& paths = d.scenario.clients.back().paths;
  std::erase_if(paths, [&](const PathUse& p) { return p.group == group; });
  paths.push_back({.path = a.text(0), .group = group, .line = a.line});
}

constexpr std::array kSections{
    SectionInfo{S::world, "world", "The world as a whole. Once at most"},
    SectionInfo{S::oscillator, "oscillator <name:name>",
                "A kind of oscillator. Each client has its own, with its own random numbers"},
    SectionInfo{
        S::path, "path <name:name>",
        "A kind of path between a client and a server, and back. `forward` or `backward` in front of a line "
        "makes it hold for the client's requests or the server's replies alone; the delays of `delay`, "
        "`jitter`, `spikes`, `load` and `queue` add up"},
    SectionInfo{
        S::server, "server <name:name>",
        "Servers outside of the program under test: they know the time, and are wrong exactly as told"},
    SectionInfo{S::client, "client <name:name>",
                "Daemons under test, with an oscillator and a configuration: the `ntp-service` commands of "
                "noonmark(1) "
                "stand here as they are, and access lists, as `acl number 2000`, its rules and `quit`. With "
                "`ntp-service refclock-master` or `undo ntp-service server disable` "
                "they serve others"},
};

constexpr std::array kRows{
    // clang-format off
    Row{S::world, "description <words:text>", "", "what it is about", put<&WorldConfig::description>},
    Row{S::world, "duration <length:time>", "24h", "how long it lasts", put<&WorldConfig::duration>},
    Row{S::world, "start <at:date>", "2026-06-01T00:00:00", "when it begins", put<&WorldConfig::start>},
    Row{S::world, "warm-up <length:time>", "4h", "what the figures leave out at the start; the first hour has a figure of its own", put<&WorldConfig::warm_up>},
    Row{S::world, "sample-interval <time:time>", "2s", "how often the clocks are compared with the truth", put<&WorldConfig::sample_interval>},
    Row{S::world, "grid <step:time>", "1s", "an oscillator's frequency changes so often", put<&WorldConfig::grid>},
    Row{S::world, "seeds <n:count>", "1", "how many worlds are made; `--seeds` overrides it", put<&WorldConfig::seeds>},
    Row{S::world, "leap insert at <when:date>", "none", "a leap second in front of this midnight", put_leap<-1.0>},
    Row{S::world, "leap delete at <when:date>", "none", "a second that is left out in front of this midnight", put_leap<1.0>},

    Row{S::oscillator, "offset <time:offset>", "0s", "how far the clock is wrong when the world begins", put<&OscillatorConfig::offset>},
    Row{S::oscillator, "offset-spread <time:time>", "0s", "and uniformly up to so much more or less", put<&OscillatorConfig::offset_spread>},
    Row{S::oscillator, "frequency <error:rate>", "0ppm", "how much it is fast", put<&OscillatorConfig::frequency>},
    Row{S::oscillator, "frequency-spread <error:level>", "0ppm", "and uniformly up to so much more or less", put<&OscillatorConfig::frequency_spread>},
    Row{S::oscillator, "wander <rate:level>", "0", "random walk of the frequency: its standard deviation after one second", put<&OscillatorConfig::wander>},
    Row{S::oscillator, "white-fm <rate:level>", "0", "white noise of the frequency: Allan deviation at one second", put<&OscillatorConfig::white_fm>},
    Row{S::oscillator, "flicker-fm <rate:level>", "0", "flicker noise of the frequency: floor of the Allan deviation", put<&OscillatorConfig::flicker_fm>},
    Row{S::oscillator, "temperature sine <amplitude:rate> <period:time>", "none", "the frequency follows a sine", [](Draft& d, const Arguments& a) { d.scenario.oscillators.back().sine = {a.number(0), std::max(1.0, a.number(1))}; }, 2},
    Row{S::oscillator, "temperature square <amplitude:rate> <period:time> <constant:time>", "none", "the frequency is higher by the amplitude in every second half of the period; it approaches with the time constant", [](Draft& d, const Arguments& a) { d.scenario.oscillators.back().square = {a.number(0), std::max(1.0, a.number(1)), std::max(1e-3, a.number(2))}; }, 2},
    Row{S::oscillator, "temperature step at <when:moment> <change:rate> <constant:time>", "none", "the frequency changes once", [](Draft& d, const Arguments& a) { d.scenario.oscillators.back().steps.push_back({a.number(0), a.number(1), std::max(1e-3, a.number(2))}); }, 0},
    Row{S::oscillator, "jump frequency at <when:moment> <change:rate>", "none", "the frequency changes at once", [](Draft& d, const Arguments& a) { d.scenario.oscillators.back().frequency_jumps.push_back({a.number(0), a.number(1)}); }, 0},
    Row{S::oscillator, "jump phase at <when:moment> <time:offset>", "none", "the oscillator leaps ahead; by a negative time: it stands still as long", [](Draft& d, const Arguments& a) { d.scenario.oscillators.back().phase_jumps.push_back({a.number(0), a.number(1)}); }, 0},

    Row{S::path, "delay <time:time>", "0s", "the least delay", put_direction<&DirectionConfig::delay>},
    Row{S::path, "jitter none", "", "nothing is added to it", put_jitter<Law::Kind::none>},
    Row{S::path, "jitter exponential <mean:time>", "none", "an exponential delay", put_jitter<Law::Kind::exponential>},
    Row{S::path, "jitter gamma <shape:number> <scale:time>", "none", "a gamma delay with the mean shape times scale", put_jitter<Law::Kind::gamma>},
    Row{S::path, "jitter normal <mean:time> <deviation:time>", "none", "a normal delay; the delay as a whole is never negative", put_jitter<Law::Kind::normal>},
    Row{S::path, "jitter half-normal <deviation:time>", "none", "the absolute value of a normal variable", put_jitter<Law::Kind::half_normal>},
    Row{S::path, "jitter lognormal <median:time> <sigma:number>", "none", "the median times e to a normal variable with this deviation", put_jitter<Law::Kind::lognormal>},
    Row{S::path, "jitter uniform <low:time> <high:time>", "none", "anything between", put_jitter<Law::Kind::uniform>},
    Row{S::path, "spikes <share:ratio> uniform <low:time> <high:time>", "none", "some packets wait much longer", put_spikes<Law::Kind::uniform>},
    Row{S::path, "spikes <share:ratio> exponential <mean:time>", "none", "some packets wait much longer", put_spikes<Law::Kind::exponential>},
    Row{S::path, "loss <share:ratio>", "0", "packets that do not arrive", put_direction<&DirectionConfig::loss>},
    Row{S::path, "load <on:time> <off:time> shape <pareto:number> level <low:number> <high:number> gamma <shape:number> <scale:time>", "none", "load comes and goes: Pareto distributed times of at least these lengths; while it is there, each packet waits a gamma delay times the load's level", put_load},
    Row{S::path, "queue <scale:time> <constant:time>", "none", "a correlated queue: the scale times the positive part of a normal process with this time constant", put_queue},
    Row{S::path, "route at <when:moment> <delay:time>", "none", "from then on this is the least delay; in ascending order", add_route, 0},
    Row{S::path, "parallel by-flow <extra:time>...", "none", "equal-cost paths with these extra delays, chosen by the source port", put_parallel<false>},
    Row{S::path, "parallel by-packet <extra:time>...", "none", "the same, chosen for each packet", put_parallel<true>},
    Row{S::path, "outage <from:moment> <until:moment>", "none", "nothing arrives", [](Draft& d, const Arguments& a) { d.scenario.paths.back().outages.push_back({a.number(0), a.number(1)}); }, 0},

    Row{S::server, "count <n:count>", "1", "so many servers, with ascending addresses", put<&ServerConfig::count>},
    Row{S::server, "address <first:address>", "192.0.2.1 and up", "the address of the first", put<&ServerConfig::address>},
    Row{S::server, "stratum <n:stratum>", "1", "the stratum that it tells", put<&ServerConfig::stratum>},
    Row{S::server, "root-delay <time:time>", "0s", "the root delay that it tells", put<&ServerConfig::root_delay>},
    Row{S::server, "root-dispersion <time:time>", "0s", "the root dispersion that it tells", put<&ServerConfig::root_dispersion>},
    Row{S::server, "offset <time:offset>", "0s", "how far it is wrong", put<&ServerConfig::offset>},
    Row{S::server, "drift <error:rate>", "0", "how much faster than the truth it runs, from the start", put<&ServerConfig::drift>},
    Row{S::server, "step at <when:moment> <time:offset>", "none", "it is wrong by so much more from then on", [](Draft& d, const Arguments& a) { d.scenario.servers.back().steps.push_back({a.number(0), a.number(1)}); }, 0},
    Row{S::server, "wobble <amplitude:time> <period:time>", "none", "a sine in its time", [](Draft& d, const Arguments& a) { d.scenario.servers.back().wobble = {a.number(0), std::max(1.0, a.number(1))}; }},
    Row{S::server, "noise <deviation:time>", "0s", "normal noise in its time", put<&ServerConfig::noise>},
    Row{S::server, "turnaround <time:time>", "10us", "from its receive to its transmit stamp", put<&ServerConfig::turnaround>},
    Row{S::server, "absent <from:moment> <until:moment>", "never", "does not answer", [](Draft& d, const Arguments& a) { d.scenario.servers.back().absences.push_back({a.number(0), a.number(1)}); }, 0},
    Row{S::server, "rate-limit <interval:time>", "none", "requests of one client that come faster get the kiss code RATE", put<&ServerConfig::rate_limit>},
    Row{S::server, "leap none", "the truth", "announces no leap second, ever", put_server_leap<0>},
    Row{S::server, "leap insert", "the truth", "always announces an inserted second", put_server_leap<1>},
    Row{S::server, "leap delete", "the truth", "always announces a deleted second", put_server_leap<2>},
    Row{S::server, "leap unsynchronized", "the truth", "says that it is not synchronized", put_server_leap<3>},
    Row{S::server, "misses-leap", "", "its time goes on over the leap second as if there were none", [](Draft& d, const Arguments&) { d.scenario.servers.back().steps_at_leap = false; }},

    Row{S::client, "count <n:count>", "1", "so many clients, all alike but for their random numbers", put<&ClientConfig::count>},
    Row{S::client, "address <first:address>", "10.0.0.1 and up", "the address of the first", put<&ClientConfig::address>},
    Row{S::client, "oscillator <name:name>", "a perfect one", "the section of its oscillator", [](Draft& d, const Arguments& a) { auto& c = d.scenario.clients.back(); c.oscillator = a.text(0); c.oscillator_line = a.line; }},
    Row{S::client, "path <name:name> to <group:name>", "", "the path to this server or client", put_client_path, 0},
    Row{S::client, "path <name:name>", "", "the path to all others", put_client_path},
    Row{S::client, "follow <group:name> <n:count> <options:text>", "none", "server lines for so many of that group, spread evenly over the clients, with options of `ntp-service unicast-server`; once for each group. A server that the client's commands name keeps their options", put_follow<core::AssociationMode::client>, 2},
    Row{S::client, "peer <client:name> <options:text>", "none", "a symmetric peer: the member of that section with the same number, with options of `ntp-service unicast-peer`. The other side has such a line too, or follows in passive mode by a reliable key, or only answers", put_follow<core::AssociationMode::active>, 2},
    Row{S::client, "start <when:moment>", "0s", "when the daemon starts", put<&ClientConfig::start>},
    Row{S::client, "start-spread <time:time>", "0s", "and uniformly up to so much later", put<&ClientConfig::start_spread>},
    Row{S::client, "twin <client:name>", "itself", "has the random numbers of that client: the same oscillator and packet delays", put<&ClientConfig::twin>},
    Row{S::client, "stamp-noise <mean:time>", "0s", "receive stamps are late by an exponential time", put<&ClientConfig::stamp_noise>},
    Row{S::client, "granularity <rate:level>", "0", "the clock takes frequencies in steps of this (a kernel: 1.5e-11)", put<&ClientConfig::granularity>},
    Row{S::client, "no-kernel-stamps", "", "requests have no transmit stamp", [](Draft& d, const Arguments&) { d.scenario.clients.back().kernel_stamps = false; }},
    Row{S::client, "leap-table", "", "the machine knows the world's leap seconds", [](Draft& d, const Arguments&) { d.scenario.clients.back().leap_table = true; }},
    Row{S::client, "event clock-set at <when:moment> <time:offset>", "none", "another program sets the clock ahead by this, and the daemon is told", add_event<Event::clock_set, true>, 0},
    Row{S::client, "event clock-set at <when:moment> <time:offset> unannounced", "none", "the same, not told", add_event<Event::clock_set, false>, 0},
    Row{S::client, "event pause at <when:moment> <length:time>", "none", "the machine stands still, as when it is suspended, and the daemon is told when it goes on; nobody reads its clock meanwhile", add_event<Event::pause, true>, 0},
    Row{S::client, "event pause at <when:moment> <length:time> unannounced", "none", "the same, not told", add_event<Event::pause, false>, 0},
    Row{S::client, "event restart at <when:moment>", "none", "the daemon starts anew with what it saved", add_event<Event::restart, true>, 0},
    // clang-format on
};

}  // namespace

std::span<const SectionInfo> sections() { return kSections; }
std::span<const Row> rows() { return kRows; }

void open_section(SectionKind kind, const Arguments& a, Draft& draft) {
  auto& s = draft.scenario;
  switch (kind) {
    case S::world: return;
    case S::oscillator: s.oscillators.emplace_back().name = a.text(0); return;
    case S::path: s.paths.emplace_back().name = a.text(0); return;
    case S::server: s.servers.emplace_back().name = a.text(0); return;
    case S::client:
      s.clients.emplace_back().name = a.text(0);
      s.clients.back().line = a.line;
      return;
  }
}

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> words;
  for (auto at = line.find_first_not_of(kBlank); at != std::string_view::npos;
       at = line.find_first_not_of(kBlank, at)) {
    const auto end = std::min(line.find_first_of(kBlank, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::vector<Token> tokens_of(std::string_view syntax) {
  std::vector<Token> tokens;
  for (const auto word : words_of(syntax)) {
    if (!word.starts_with('<')) {
      tokens.push_back({.word = word});
      continue;
    }
    const auto colon = word.find(':'), close = word.find('>');
    tokens.push_back({.word = word.substr(1, colon - 1),
                      .value = true,
                      .repeated = word.ends_with("..."),
                      .unit = unit_named(word.substr(colon + 1, close - colon - 1))});
  }
  return tokens;
}

std::string plain(std::string_view syntax) {
  std::string text;
  for (const auto& token : tokens_of(syntax)) {
    if (!text.empty()) text += ' ';
    text += token.value ? "<" + std::string(token.word) + ">" : std::string(token.word);
    if (token.repeated) text += "...";
  }
  return text;
}

}  // namespace noonmark::sim
