// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/get_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "client/cli/files.hpp"
#include "client/cli/json_shapes.hpp"
#include "client/cli/npy/next_index.hpp"
#include "client/cli/npy/npy.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"

namespace tenure::cli {
namespace {

// A tensor's name may hold any bytes: those that a file name cannot hold become %XX.
std::string file_name(std::string_view tensor) {
  std::string out;
  for (const char c : tensor) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '%') {
      std::array<char, 4> escape{};
      std::snprintf(escape.data(), escape.size(), "%%%02X", unsigned{byte});
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + ".npy";
}

std::string default_output(const std::string& name) {
  return name.substr(name.rfind('/') + 1) + ".npy";
}

// The elements in C order, as a file has them.
std::span<const std::byte> packed(const std::string& what,
                                  const TensorView& tensor,
                                  std::vector<std::byte>& storage) {
  if (tensor.is_contiguous()) {
    return {tensor.data(), tensor.size_bytes()};
  }
  storage.resize(tensor.size_bytes());
  const auto shape = tensor.shape();
  const std::size_t rank = shape.size();
  const std::uint64_t item_bytes = bits_of(tensor.dtype()) / 8;
  if (item_bytes == 0) {
    throw Refusal(what, {.code = Errc::corrupt, .detail = "strided sub-byte elements"});
  }
  std::array<std::int64_t, kMaxRank> index{};
  for (std::uint64_t done = 0; done < storage.size(); done += item_bytes) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < rank; ++i) {
      from += index[i] * tensor.strides_bytes()[i];
    }
    std::memcpy(storage.data() + done, tensor.data() + from, item_bytes);
    next_index(std::span(index).first(rank), shape);
  }
  return storage;
}

void write_tensor(const std::string& path, const TensorView& tensor) {
  std::vector<std::byte> storage;
  const std::string preamble = npy_preamble(tensor.dtype(), tensor.shape());
  const std::array parts{std::as_bytes(std::span(preamble)), packed(path, tensor, storage)};
  need(path, write_file(path, parts));
}

}  // namespace

GotTensors choose_tensors(const GetOptions& options,
                          const Bundle& bundle,
                          const std::string& which) {
  GotTensors chosen;
  for (const TensorSpec& spec : bundle.schema()) {
    if (!options.tensor.empty() && spec.name != options.tensor) {
      continue;
    }
    auto tensor = bundle.tensor(spec.name);
    if (tensor) {
      chosen.emplace_back(spec.name, *tensor);
    } else if (tensor.error().code != Errc::not_found) {
      throw Refusal(options.name, tensor.error());
    }
  }
  if (chosen.empty()) {
    const std::string missing =
        options.tensor.empty() ? "no tensor is" : "tensor \"" + options.tensor + "\" is not";
    throw Refusal(options.name,
                  {.code = Errc::not_found,
                   .detail = missing + " in " + which,
                   .hint = "the schema has " + format_schema(bundle.schema())});
  }
  return chosen;
}

void need_one_output(const Context& context, const std::string& output) {
  if (output == "-" && context.wants_json()) {
    throw UsageError("-o - and --json both want standard output", "choose one of them");
  }
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return path.ends_with('/') || (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    throw Refusal(path,
                  {.code = errno == EACCES ? Errc::denied : Errc::bad_request,
                   .sys_errno = errno,
                   .detail = "cannot make it: " + std::string(std::strerror(errno))});
  }
}

std::vector<std::string> paths_for(const GetOptions& options, const GotTensors& tensors) {
  if (is_directory(options.output)) {
    make_directory(options.output);
    const std::string folder = options.output + (options.output.ends_with('/') ? "" : "/");
    std::vector<std::string> paths;
    paths.reserve(tensors.size());
    for (const auto& [name, tensor] : tensors) {
      paths.push_back(folder + file_name(name));
    }
    return paths;
  }
  if (tensors.size() > 1) {
    throw UsageError(
        options.name + " has " + std::to_string(tensors.size()) + " tensors, one file holds one",
        "-o DIR/ writes a file each; --tensor NAME picks one");
  }
  return {options.output.empty() ? default_output(options.name) : options.output};
}

nlohmann::json write_files(const Context& context,
                           const GetOptions& options,
                           const GotTensors& tensors,
                           const std::string& which) {
  const auto paths = paths_for(options, tensors);
  nlohmann::json files = nlohmann::json::array();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    write_tensor(paths[i], tensor);
    files.push_back(to_json(name, tensor));
    files.back()["file"] = paths[i];
    if (!context.wants_json() && options.output != "-") {
      context.print(printable(paths[i]) + ": " + (which.empty() ? "" : which + ", ") +
                    printable(name) + " " + to_string(tensor.dtype()) +
                    format_shape(tensor.shape()) + ", " + format_bytes(tensor.size_bytes()) + "\n");
    }
  }
  return files;
}

}  // namespace tenure::cli
