// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/dataset.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace digits {
namespace {

// Reads an .npy file of bytes (dtype uint8, C order) that must have exactly this shape. A file of
// format 1.0 is: magic and version, the header's length in two bytes, the header, the elements.
std::vector<std::uint8_t> read_npy(const std::filesystem::path& path,
                                   std::string_view shape,
                                   std::size_t elements) {
  constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error(path.string() + ": cannot be opened");
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() < elements + 10 || !text.starts_with(magic)) {
    throw std::runtime_error(path.string() + ": not an .npy file of format 1.0, or a short one");
  }
  const std::size_t begin = text.size() - elements;
  const std::size_t header_size =
      static_cast<std::uint8_t>(text[8]) + std::size_t{static_cast<std::uint8_t>(text[9])} * 256;
  const std::string header = text.substr(10, begin - 10);
  const auto says = [&](const std::string& entry) {
    return header.find(entry) != std::string::npos;
  };
  if (header.size() != header_size || !says("'descr': '|u1'") || !says("'fortran_order': False") ||
      !says("'shape': " + std::string(shape))) {
    throw std::runtime_error(path.string() + ": not uint8 " + std::string(shape));
  }
  return {text.begin() + static_cast<std::ptrdiff_t>(begin), text.end()};
}

}  // namespace

Dataset Dataset::load(const std::filesystem::path& folder) {
  Dataset dataset;
  dataset.images_ = read_npy(folder / "images.npy", "(1797, 8, 8)", kSamples * kPixels);
  dataset.labels_ = read_npy(folder / "labels.npy", "(1797,)", kSamples);
  if (std::ranges::max(dataset.labels_) >= kClasses) {
    throw std::runtime_error((folder / "labels.npy").string() + ": a label above 9");
  }
  return dataset;
}

Samples Dataset::training() const noexcept {
  const std::span images(images_);
  const std::span labels(labels_);
  return {.images = images.first(kTraining * kPixels), .labels = labels.first(kTraining)};
}

Samples Dataset::held_out() const noexcept {
  const std::span images(images_);
  const std::span labels(labels_);
  return {.images = images.last(kHeldOut * kPixels), .labels = labels.last(kHeldOut)};
}

}  // namespace digits
