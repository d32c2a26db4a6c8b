// SPDX-License-Identifier: Apache-2.0
#include "client/cli/context.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <nlohmann/json.hpp>

namespace tenure::cli {
namespace {

bool uses_colour(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(fd) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

// Of the terminal at `fd`; 0: none, or one that does not say.
std::size_t columns_of(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::chrono::steady_clock::time_point deadline_after(std::chrono::nanoseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  return timeout < Clock::time_point::max() - now ? now + timeout : Clock::time_point::max();
}

// The library says what is wrong; only the tool knows its own options.
std::string hint_for(const Refusal& refusal, const CommonOptions& common) {
  if (refusal.error().code == Errc::broker_gone) {
    return common.timeout.count() == 0
               ? "start one with `tenured` (or `tenured --socket PATH`), or name another with "
                 "--socket PATH; --timeout 10s waits for it"
               : "start one with `tenured`, or name another with --socket PATH";
  }
  std::string hint = refusal.error().hint;
  if (!hint.empty() || common.timeout.count() != 0) {
    return hint;
  }
  switch (refusal.error().code) {
    case Errc::held:
    case Errc::has_publisher:
    case Errc::full:
    case Errc::empty:
      return "--timeout 10s waits instead of being refused";
    default:
      return hint;
  }
}

// `empty`, `full` and `torn` come without words from the data path.
std::string words_for(const Refusal& refusal) {
  std::string detail = detail_of(refusal.subject(), refusal.error());
  if (!detail.empty()) {
    return detail;
  }
  switch (refusal.error().code) {
    case Errc::empty:
      return "nothing has been published yet";
    case Errc::full:
      return "every slot is held or not yet seen by a lossless reader";
    case Errc::torn:
      return "the bundle changed during every attempt to read it";
    default:
      return detail;
  }
}

nlohmann::json error_object(std::string_view what,
                            std::string_view code,
                            std::string_view detail,
                            std::string_view hint) {
  return {{"what", what}, {"code", code}, {"detail", detail}, {"hint", hint}};
}

void write_complaint(const Style& style, const std::string& line, const std::string& hint) {
  std::fprintf(stderr, "%s %s\n", style.failure("tenure:").c_str(), line.c_str());
  if (!hint.empty()) {
    std::fprintf(stderr, "%s %s\n", style.hint("hint:").c_str(), hint.c_str());
  }
}

}  // namespace

Error explain_missing(Client& client, const std::string& name, Error error) {
  if (error.code != Errc::not_found) {
    return error;
  }
  if (is_glob(name)) {
    return {.code = Errc::bad_request,
            .detail = "a name has neither * nor ?",
            .hint = "`tenure ls '" + name + "'` lists the names that match"};
  }
  if (auto broker = client.broker_info()) {
    error.detail += " on " + broker->socket;
  }
  error.hint +=
      (error.hint.empty() ? "" : "; ") + ("--timeout 10s waits for " + name) + " to appear";
  return error;
}

Refusal no_match(const std::string& glob) {
  return {glob,
          {.code = Errc::not_found,
           .detail = "no name matches",
           .hint = "`tenure ls` shows the names"}};
}

Context::Context(CommonOptions common)
    : common_(std::move(common)),
      style_{.uses_colour = uses_colour(STDOUT_FILENO), .columns = columns_of(STDOUT_FILENO)},
      error_style_{.uses_colour = uses_colour(STDERR_FILENO)},
      deadline_(deadline_after(common_.timeout)) {
}

Client Context::connect(std::string name) const {
  return need("broker",
              Client::connect({.socket = common_.socket,
                               .name = std::move(name),
                               .timeout = Timeout(common_.timeout)}));
}

Timeout Context::remaining() const noexcept {
  if (common_.timeout == std::chrono::nanoseconds::max()) {
    return kForever;
  }
  return Timeout(deadline_ - std::chrono::steady_clock::now());
}

Timeout Context::patience() const noexcept {
  const Timeout left = remaining();
  return left.waits() || common_.timeout.count() == 0 ? left : Timeout(std::chrono::nanoseconds(1));
}

void Context::await_name(Client& client, const std::string& name) const {
  if (common_.timeout.count() == 0) {
    return;
  }
  // A role that only looks: its opening waits for the name. Refused for another reason than that
  // the name is missing, it has told what it was opened for.
  auto opened = client.subscriber(name, {.access = Access::observe, .timeout = remaining()});
  if (!opened && opened.error().code == Errc::timed_out) {
    throw Refusal(name, opened.error());
  }
}

void Context::print(std::string_view text) const {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!is_written || std::fflush(stdout) != 0) {
    throw Refusal("standard output",
                  {.code = errno == ENOSPC ? Errc::no_memory : Errc::bad_request,
                   .sys_errno = errno,
                   .detail = "cannot write: " + std::string(std::strerror(errno))});
  }
}

void Context::print_json(const nlohmann::json& document) const {
  using ErrorHandler = nlohmann::json::error_handler_t;
  print(document.dump(-1, ' ', false, ErrorHandler::replace) + "\n");
}

void Context::complain(const Refusal& refusal) const {
  const std::string subject = refusal.subject().empty() ? "\"\"" : refusal.subject();
  std::string line = subject + ": " + std::string(name_of(refusal.error().code));
  if (const std::string words = words_for(refusal); !words.empty()) {
    line += ": " + words;
  }
  write_complaint(error_style_, printable(line), printable(hint_for(refusal, common_)));
}

nlohmann::json Context::error_json(const Refusal& refusal) const {
  nlohmann::json out = error_object(refusal.subject(),
                                    name_of(refusal.error().code),
                                    words_for(refusal),
                                    hint_for(refusal, common_));
  out["exit"] = static_cast<int>(exit_for(refusal.error().code));
  return out;
}

void Context::report(const Refusal& refusal, std::optional<int> exit_status) const {
  complain(refusal);
  nlohmann::json error = error_json(refusal);
  if (exit_status) {
    error["exit"] = *exit_status;
  }
  report_json(error);
}

void Context::report(std::string_view verb, const UsageError& error) const {
  const std::string message = printable(error.what());
  const std::string subject = verb == "tenure" ? "" : std::string(verb) + ": ";
  write_complaint(error_style_, subject + "usage: " + message, printable(error.hint()));
  nlohmann::json out = error_object(verb, "usage", message, error.hint());
  out["exit"] = static_cast<int>(Exit::usage);
  report_json(out);
}

void Context::report_json(const nlohmann::json& error) const {
  if (!common_.wants_json) {
    return;
  }
  try {
    print_json({{"error", error}});
  } catch (const Refusal& failed) {
    complain(failed);  // The status stays that of the first error.
  }
}

}  // namespace tenure::cli
