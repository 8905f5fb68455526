#include "core/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/testing_world.h"

namespace noonmark::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using wire::ControlError;
using wire::ControlMessage;
using wire::ControlOpcode;

base::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

ControlMessage query(ControlOpcode opcode, std::uint16_t association = 0, std::string_view data = {}) {
  ControlMessage message;
  message.opcode = opcode;
  message.sequence = 77;
  message.association = association;
  message.data = bytes_of(data);
  return message;
}

AssociationState peer(std::uint32_t id, const char* address = "192.0.2.1") {
  AssociationState state;
  state.id = AssociationId{id};
  state.config.key.address = *IpAddress::parse(address);
  return state;
}

/// An answer, taken apart again.
struct Answer {
  std::vector<std::uint8_t> datagram;
  ControlMessage message{};
  std::string text() const { return {message.data.begin(), message.data.end()}; }
  std::optional<ControlError> error() const {
    if (!message.is_error) return std::nullopt;
    return ControlError{static_cast<std::uint8_t>(message.status >> 8)};
  }
};

struct ControlTest : ::testing::Test {
  ControlTest() {
    view.now.served = Timestamp::from_raw(0xe8000000'40000000);
    view.system.leap = wire::Leap::none;
    view.system.stratum = 3;
    view.system.reference_id = 0xC0000201;
    view.system.root_delay = 0.0125;
    view.system.root_dispersion = 0.002;
    view.system.offset = -0.00025;
  }
  Answer ask(const ControlMessage& message) {
    view.associations.clear();
    for (const auto& state : peers) view.associations.push_back(&state);
    Answer answer{answer_control(message, view)};
    EXPECT_LE(answer.datagram.size(), wire::kMaxControlMessage);
    answer.message = wire::decode_control(answer.datagram).value();
    EXPECT_TRUE(answer.message.is_response);
    EXPECT_FALSE(answer.message.has_more);
    EXPECT_EQ(answer.message.sequence, message.sequence);
    EXPECT_EQ(answer.message.association, message.association);
    EXPECT_EQ(answer.message.opcode, message.opcode);
    EXPECT_EQ(answer.message.version, message.version);
    return answer;
  }
  Answer read(std::uint16_t association, std::string_view names = {}) {
    return ask(query(ControlOpcode::read_variables, association, names));
  }
  unsigned status_of(const AssociationState& state) {
    peers = {state};
    return ask(query(ControlOpcode::read_status, control_id(state.id))).message.status;
  }

  ControlView view;
  std::vector<AssociationState> peers;
};

TEST_F(ControlTest, TheSystemVariablesAreTheSystems) {
  const auto answer = read(0);
  EXPECT_EQ(answer.message.status, 0x0600) << "no leap second, followed by NTP";
  for (const auto* pair : {"version=\"noonmark\", ", "leap=0, ", "stratum=3, ", "precision=-20, ",
                           "rootdelay=12.500000, ", "rootdisp=2.000000, ", "refid=192.0.2.1, ",
                           "clock=0xe8000000.40000000, ", "peer=0, ", "offset=-0.250000, "})
    EXPECT_THAT(answer.text(), HasSubstr(pair));
  EXPECT_TRUE(answer.text().ends_with("\r\n"));
}

TEST_F(ControlTest, TheNamesAskedForComeInTheirOrder) {
  EXPECT_EQ(read(0, "stratum,leap").text(), "stratum=3, leap=0\r\n");
  EXPECT_EQ(read(0, " stratum = 9 ,,\tleap\r\n").text(), "stratum=3, leap=0\r\n")
      << "values are not looked at";
  EXPECT_EQ(read(0, "rootdist").text(), "rootdist=8.250000\r\n");
}

TEST_F(ControlTest, AVariableWithoutAValueIsLeftOut) {
  EXPECT_EQ(read(0, "peeradr,tai,leap").text(), "leap=0\r\n");
  EXPECT_EQ(read(0, "tai").text(), "");
}

TEST_F(ControlTest, AnUnsynchronizedSystemShowsIt) {
  view.system = {};
  const auto answer = read(0, "leap,stratum,refid");
  EXPECT_EQ(answer.message.status, 0xC000);
  EXPECT_EQ(answer.text(), "leap=3, stratum=16, refid=0.0.0.0\r\n");
}

TEST_F(ControlTest, TheLocalClockIsASourceOfItsOwn) {
  view.system.local_clock_in_use = true;
  view.quality.estimated_error = 16;
  EXPECT_EQ(read(0).message.status, 0x0500);
  EXPECT_EQ(read(0, "clk_jitter").text(), "clk_jitter=0.000000\r\n");
}

// RFC 9327 section 3.2.
TEST_F(ControlTest, ThePeerStatusTellsConfigurationKeyReachAndSelection) {
  auto state = peer(5);
  EXPECT_EQ(status_of(state), 0x8000u) << "configured, rejected";
  state.config.key.mode = AssociationMode::passive;
  EXPECT_EQ(status_of(state), 0x0000u);
  state.config.key.mode = AssociationMode::client;
  state.reach = 1;
  EXPECT_EQ(status_of(state), 0x9000u);
  state.config.key_id = 3;
  EXPECT_EQ(status_of(state), 0xF000u) << "what it is reached by had the right MAC";
  state.reach = 0;
  EXPECT_EQ(status_of(state), 0xC000u);
  state.selectable = true;
  EXPECT_EQ(status_of(state), 0xC100u) << "falseticker";
  state.selected = true;
  EXPECT_EQ(status_of(state), 0xC300u) << "outlier";
  state.candidate = true;
  EXPECT_EQ(status_of(state), 0xC400u);
  state.system_peer = true;
  EXPECT_EQ(status_of(state), 0xC600u);
}

TEST_F(ControlTest, ThePeerVariablesAreThoseOfTheAssociation) {
  auto state = peer(5, "2001:db8::7");
  state.answered = true;
  state.stratum = 2;
  state.last.leap = wire::Leap::none;
  state.last.mode = wire::Mode::server;
  state.last.poll = 4;
  state.last.reference_id = 0x0A000001;
  state.reach = 0377;
  state.offset = 0.0015;
  state.delay = 0.02;
  state.last_heard = Timestamp::from_raw(0xe8000000'00000000);
  state.last_local = *IpAddress::parse("2001:db8::1");
  peers = {peer(4), state};
  const auto text = read(5).text();
  for (const auto* pair : {"srcadr=2001:db8::7, ", "dstadr=2001:db8::1, ", "stratum=2, ", "refid=10.0.0.1, ",
                           "reach=0xff, ", "rec=0xe8000000.00000000, ", "hmode=3, ", "pmode=4, ", "hpoll=6, ",
                           "ppoll=4, ", "delay=20.000000, ", "offset=1.500000, "})
    EXPECT_THAT(text, HasSubstr(pair));
}

TEST_F(ControlTest, NothingIsToldOfTimesBeforeTheFirstReply) {
  peers = {peer(1)};
  EXPECT_THAT(read(1).text(), Not(HasSubstr("rec=")));
  EXPECT_THAT(read(1).text(), Not(HasSubstr("reftime=")));
}

TEST_F(ControlTest, AServersReferenceIdIsTextOnlyWhereItIsACode) {
  auto state = peer(1);
  const auto refid = [&](std::uint8_t stratum, std::uint32_t id) {
    state.stratum = stratum;
    state.last.reference_id = id;
    peers = {state};
    return read(1, "refid").text();
  };
  EXPECT_EQ(refid(1, 0x47505300), "refid=GPS\r\n");
  EXPECT_EQ(refid(16, 0x494E4954), "refid=INIT\r\n");
  EXPECT_EQ(refid(2, 0x47505300), "refid=71.80.83.0\r\n");
  EXPECT_EQ(refid(1, 0x22), "refid=0.0.0.34\r\n");
  EXPECT_EQ(refid(1, 0x2C613D31), "refid=44.97.61.49\r\n") << ",a=1 would be another variable";
  EXPECT_EQ(refid(1, 0x47005300), "refid=71.0.83.0\r\n");
}

TEST_F(ControlTest, AnAnswerIsOneMessageHoweverLongItsValuesAre) {
  auto state = peer(1, "2001:db8:1111:2222:3333:4444:5555:6666");
  state.config.port = 65535;
  state.last_local = *IpAddress::parse("2001:db8:1111:2222:3333:4444:5555:7777");
  state.answered = true;
  state.last.reference_id = 0xFFFFFFFF;
  state.last_heard = Timestamp::from_raw(1);
  state.offset = state.delay = state.jitter = state.dispersion = -2147483647.123456;
  state.root_delay = state.root_dispersion = 65535.999;
  state.unanswered = 4294967295;
  peers = {state};
  const auto text = read(1).text();
  EXPECT_THAT(text, HasSubstr("offset=-2147483647123.4"));
  EXPECT_TRUE(text.ends_with("\r\n")) << text;
  std::string names;
  for (int i = 0; i < 40; ++i) names += "srcadr,";
  EXPECT_GT(read(1, names).text().size(), 400u);
}

TEST_F(ControlTest, TheListHasEachAssociationWithItsStatus) {
  peers = {peer(1), peer(2)};
  peers[1].reach = 1;
  const auto answer = ask(query(ControlOpcode::read_status));
  EXPECT_EQ(answer.text(), std::string("\0\1\x80\0\0\2\x90\0", 8));
}

TEST_F(ControlTest, ALongListHasThoseNearestToBeingFollowed) {
  for (std::uint32_t id = 1; id <= 4096; ++id) peers.push_back(peer(id));
  peers[4000].system_peer = true;
  peers[3000].candidate = true;
  const auto answer = ask(query(ControlOpcode::read_status));
  ASSERT_EQ(answer.message.data.size(), 468u);
  EXPECT_EQ(answer.text().substr(0, 12), std::string("\x0f\xa1\x86\0\x0b\xb9\x84\0\0\1\x80\0", 12));
}

TEST_F(ControlTest, IdentifiersAreCyclicAndNeverZero) {
  EXPECT_EQ(control_id(AssociationId{1}), 1);
  EXPECT_EQ(control_id(AssociationId{65535}), 65535);
  EXPECT_EQ(control_id(AssociationId{65536}), 1);
}

TEST_F(ControlTest, WhatCannotBeAnsweredGetsAnErrorOfItsKind) {
  peers = {peer(1)};
  EXPECT_EQ(read(2).error(), ControlError::unknown_association);
  EXPECT_EQ(ask(query(ControlOpcode::read_status, 2)).error(), ControlError::unknown_association);
  EXPECT_EQ(read(0, "leap,passwd").error(), ControlError::unknown_variable);
  EXPECT_EQ(read(1, "version").error(), ControlError::unknown_variable);
  for (const auto opcode : {ControlOpcode::write_variables, ControlOpcode::write_clock_variables,
                            ControlOpcode::set_trap, ControlOpcode::configure})
    EXPECT_EQ(ask(query(opcode)).error(), ControlError::prohibited);
  for (const int opcode : {0, 4, 7, 10, 11, 12, 31})
    EXPECT_EQ(ask(query(ControlOpcode{static_cast<std::uint8_t>(opcode)})).error(), ControlError::bad_opcode);
  auto later = query(ControlOpcode::read_variables);
  later.offset = 4;
  EXPECT_EQ(ask(later).error(), ControlError::bad_format);
}

// ---- in the engine

struct QueryTest : ::testing::Test {
  QueryTest() {
    host.config.queries_enabled = true;
    host.config.servers = {testing::server_line("192.0.2.1")};
    host.commit();
  }
  std::vector<ControlAnswer> send(base::Bytes datagram, const char* from = "127.0.0.1", bool service = true) {
    std::vector<ControlAnswer> answers;
    host.run([&](Engine& e, Instant now, Outbox& out) {
      const Path path{.local = {*IpAddress::parse("192.0.2.9"), 123},
                      .remote = {*IpAddress::parse(from), 40000},
                      .vpn = VpnId::public_instance,
                      .interface_index = 2};
      e.on_datagram({.data = datagram,
                     .path = path,
                     .when = {now, StampSource::kernel},
                     .service = service,
                     .request = std::nullopt},
                    now, out);
      answers = out.answers;
    });
    return answers;
  }
  std::vector<ControlAnswer> ask(const ControlMessage& message, const char* from = "127.0.0.1") {
    return send(wire::encode_control(message), from);
  }
  std::uint64_t drops(DropReason reason) {
    return host.engine->statistics(Family::ipv4).drops[static_cast<std::size_t>(reason)];
  }
  /// A list of `level` that permits 198.51.100.0/24 only.
  void grant(AccessLevel level) {
    AclRule rule{.id = 5,
                 .permit = true,
                 .source = *IpAddress::parse("198.51.100.0"),
                 .mask = *IpAddress::parse("255.255.255.0"),
                 .vpn = std::nullopt};
    host.config.access = {};
    host.config.access.lists[static_cast<std::size_t>(level)][0] =
        AccessList{.name = "2000", .rules = {rule}};
    host.commit();
  }

  testing::World world;
  testing::Host& host = world.add_host("host", "192.0.2.9", 0);
  const ControlMessage list = query(ControlOpcode::read_status);
};

TEST_F(QueryTest, LoopbackIsAnsweredFromWhereItAsked) {
  const auto answers = ask(list);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(to_string(answers[0].query.remote), "127.0.0.1:40000");
  EXPECT_EQ(answers[0].query.local.address.to_string(), "192.0.2.9");
  EXPECT_EQ(wire::decode_control(answers[0].data)->data.size(), 4u) << "one association";
  EXPECT_EQ(host.engine->statistics(Family::ipv4).processed, 1u);
}

TEST_F(QueryTest, WithoutTheLineNobodyIsAnswered) {
  host.config.queries_enabled = false;
  host.commit();
  EXPECT_TRUE(ask(list).empty());
  EXPECT_EQ(drops(DropReason::bad_mode), 1u);
  EXPECT_TRUE(host.engine->listening_vpns(Family::ipv4).empty());
}

TEST_F(QueryTest, TheServiceSocketIsOpenForQueriesAlone) {
  EXPECT_FALSE(host.engine->serves(Family::ipv4));
  EXPECT_EQ(host.engine->listening_vpns(Family::ipv4).size(), 1u);
  host.config.family(Family::ipv4).disabled = true;
  host.commit();
  EXPECT_TRUE(host.engine->listening_vpns(Family::ipv4).empty());
  EXPECT_TRUE(ask(list).empty());
  EXPECT_EQ(drops(DropReason::family_disabled), 1u);
}

TEST_F(QueryTest, TimeRequestsAreStillRefusedWhereOnlyQueriesAreAnswered) {
  std::vector<std::uint8_t> request(48);
  request[0] = 0x23;
  EXPECT_TRUE(send(request).empty());
  EXPECT_EQ(drops(DropReason::server_disabled), 1u);
}

TEST_F(QueryTest, WithoutAnyListOthersGetSilence) {
  EXPECT_TRUE(ask(list, "198.51.100.1").empty());
  EXPECT_EQ(drops(DropReason::access_denied), 1u);
}

TEST_F(QueryTest, TheLevelsPeerServerAndQueryGrantAndTheOthersDoNot) {
  for (const auto level : {AccessLevel::peer, AccessLevel::server, AccessLevel::query}) {
    grant(level);
    EXPECT_EQ(ask(list, "198.51.100.1").size(), 1u) << static_cast<int>(level);
    EXPECT_TRUE(ask(list, "198.51.101.1").empty());
  }
  EXPECT_EQ(drops(DropReason::access_denied), 3u);
  for (const auto level : {AccessLevel::synchronization, AccessLevel::limited}) {
    grant(level);
    EXPECT_TRUE(ask(list, "198.51.100.1").empty()) << static_cast<int>(level);
  }
  EXPECT_EQ(drops(DropReason::access_denied), 5u);
  EXPECT_EQ(ask(list).size(), 1u) << "loopback needs no list";
}

TEST_F(QueryTest, ResponsesErrorsFragmentsAndShortDatagramsGetSilence) {
  for (const auto flag :
       {&ControlMessage::is_response, &ControlMessage::is_error, &ControlMessage::has_more}) {
    auto message = list;
    message.*flag = true;
    EXPECT_TRUE(ask(message).empty());
  }
  EXPECT_EQ(drops(DropReason::bad_mode), 3u);
  auto message = list;
  message.version = 5;
  EXPECT_TRUE(ask(message).empty());
  EXPECT_EQ(drops(DropReason::bad_version), 1u);
  EXPECT_TRUE(send(base::Bytes(wire::encode_control(list)).first(11)).empty());
  EXPECT_EQ(drops(DropReason::too_short), 1u);
  std::vector<std::uint8_t> private_mode(48);
  private_mode[0] = 0x17;
  EXPECT_TRUE(send(private_mode).empty());
  EXPECT_TRUE(send(wire::encode_control(list), "127.0.0.1", false).empty()) << "not by the service socket";
  EXPECT_EQ(drops(DropReason::bad_mode), 5u);
}

TEST_F(QueryTest, AnswersAreLimitedForAllSourcesTogether) {
  grant(AccessLevel::query);
  std::size_t answered = 0;
  for (int i = 0; i < 300; ++i) answered += ask(list, i % 2 == 0 ? "127.0.0.1" : "198.51.100.1").size();
  EXPECT_EQ(answered, 256u);
  EXPECT_EQ(drops(DropReason::rate_limited), 44u);
  EXPECT_TRUE(ask(list, "198.51.101.1").empty()) << "who is not granted";
  world.run_for(1);
  answered = 0;
  for (int i = 0; i < 100; ++i) answered += ask(list).size();
  EXPECT_NEAR(static_cast<double>(answered), 32, 1) << "and takes nothing from them";
}

TEST_F(QueryTest, AQueryChangesNothingButTheCounters) {
  const auto state = host.engine->state();
  const auto before = host.engine->associations(host.now());
  ask(query(ControlOpcode::configure, 0, "unicast-server 203.0.113.1"));
  ask(query(ControlOpcode::write_variables, 0, "stratum=1"));
  EXPECT_EQ(host.engine->state(), state);
  EXPECT_EQ(host.engine->associations(host.now()), before);
}

}  // namespace
}  // namespace noonmark::core
