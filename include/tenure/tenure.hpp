// SPDX-License-Identifier: Apache-2.0
/// The client API in one include: everything but the embedded broker, DLPack and pinning.
#pragma once

#include <tenure/buffer.hpp>
#include <tenure/bundle.hpp>
#include <tenure/client.hpp>
#include <tenure/dtype.hpp>
#include <tenure/inherited_region.hpp>
#include <tenure/queue.hpp>
#include <tenure/result.hpp>
#include <tenure/role.hpp>
#include <tenure/segment_info.hpp>
#include <tenure/tensor.hpp>
#include <tenure/token.hpp>
#include <tenure/token_info.hpp>
#include <tenure/topic.hpp>
#include <tenure/wait.hpp>
