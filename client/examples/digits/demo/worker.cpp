// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/worker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <utility>

namespace digits {
namespace {

constexpr std::string_view kViewing = "viewing v";

examples::Launch with_output(examples::Launch launch, int fd) {
  launch.standard_output = fd;
  return launch;
}

}  // namespace

Report Report::parse(std::string_view line) {
  Report report;
  if (line.starts_with(kViewing)) {
    const std::string version(line.substr(kViewing.size()));
    report.numbers_["viewing"] = std::strtod(version.c_str(), nullptr);
    return report;
  }
  std::istringstream words{std::string(line)};
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    report.numbers_[word.substr(0, equals)] =
        equals == std::string::npos ? 0.0 : std::strtod(&word[equals + 1], nullptr);
  }
  return report;
}

double Report::number(std::string_view name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? 0.0 : found->second;
}

std::uint64_t Report::count(std::string_view name) const {
  return static_cast<std::uint64_t>(std::llround(number(name)));
}

Worker::Pipe Worker::make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  Pipe pipe{tenure::os::UniqueFd(ends[0]), tenure::os::UniqueFd(ends[1])};
  // Only our end never waits: the worker's stdio does not expect that.
  if (::fcntl(pipe.writing.get(), F_SETFL, 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  return pipe;
}

Worker::Worker(examples::Launch launch) : Worker(std::move(launch), make_pipe()) {
}

Worker::Worker(examples::Launch launch, Pipe pipe)
    : name_(launch.program.filename().string()),
      output_(std::move(pipe.reading)),
      process_(examples::ChildProcess::start(with_output(std::move(launch), pipe.writing.get()))) {
}

std::vector<Report> Worker::read() {
  std::vector<Report> reports;
  std::array<char, 4096> bytes{};
  ssize_t size = 0;
  while (output_ && (size = ::read(output_.get(), bytes.data(), bytes.size())) > 0) {
    unfinished_line_.append(bytes.data(), static_cast<std::size_t>(size));
  }
  if (size == 0 && output_) {
    output_.reset();
  }
  for (std::size_t end = 0; (end = unfinished_line_.find('\n')) != std::string::npos;) {
    reports.push_back(Report::parse(std::string_view(unfinished_line_).substr(0, end)));
    unfinished_line_.erase(0, end + 1);
  }
  if (!reports.empty()) {
    last_ = reports.back();
  }
  return reports;
}

}  // namespace digits
