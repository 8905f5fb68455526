#include "daemon/advice_watch.h"

#include <utility>

#include "config/datastore.h"

namespace noonmark::daemon {

AdviceWatch::AdviceWatch(io::Loop& loop, const cli::Services& services, base::LogSink& log)
    : loop_(loop),
      services_(services),
      log_(log),
      known_configuration_(services.datastore.running()),
      known_(cli::advice_on(services, known_configuration_)) {}

AdviceWatch::~AdviceWatch() {
  if (soon_) loop_.cancel(*soon_);
}

void AdviceWatch::look_soon() {
  if (soon_) return;
  soon_ = loop_.after(std::chrono::seconds(1), [this] {
    soon_.reset();
    look();
  });
}

void AdviceWatch::look() {
  const auto& running = services_.datastore.running();
  auto now = cli::advice_on(services_, running);
  if (running == known_configuration_)
    for (const auto& text : config::in_words(config::news(known_, now)))
      log_.write(text.level == "Warning" ? base::LogLevel::warning : base::LogLevel::info, text.sentence);
  known_configuration_ = running;
  known_ = std::move(now);
}

}  // namespace noonmark::daemon
