#pragma once

#include <functional>
#include <list>
#include <string_view>

#include "base/log.h"

namespace noonmark::cli {

/// Passes log lines on, and shows them to those who subscribed (`terminal monitor`). One thread.
class LogRelay final : public base::LogSink {
 public:
  using Listener = std::function<void(base::LogLevel, std::string_view)>;

  /// Ends when it is destroyed; the relay outlives it.
  class Subscription {
   public:
    Subscription(LogRelay& relay, Listener listener)
        : relay_(relay), position_(relay.listeners_.insert(relay.listeners_.end(), std::move(listener))) {}
    ~Subscription() { relay_.listeners_.erase(position_); }
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    LogRelay& relay_;
    std::list<Listener>::iterator position_;
  };

  explicit LogRelay(base::LogSink& next) : next_(next) {}
  void write(base::LogLevel level, std::string_view line) override {
    next_.write(level, line);
    for (const auto& listener : listeners_) listener(level, line);
  }

 private:
  base::LogSink& next_;
  std::list<Listener> listeners_;
};

}  // namespace noonmark::cli
