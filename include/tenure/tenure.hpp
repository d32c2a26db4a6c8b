// SPDX-License-Identifier: Apache-2.0
/// The client API in one include: everything but the embedded broker, DLPack and pinning.
#pragma once

#include <tenure/bundle.hpp>
#include <tenure/client.hpp>
#include <tenure/dtype.hpp>
#include <tenure/result.hpp>
#include <tenure/role.hpp>
#include <tenure/tensor.hpp>
#include <tenure/topic.hpp>
#include <tenure/wait.hpp>
