// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/range_tree.hpp"

#include <algorithm>
#include <utility>

namespace tenure::core {

struct RangeTree::Node {
  explicit Node(const Item& of) : item(of), largest_end(of.range.end), least_number(of.number) {}

  Item item;
  std::uint64_t largest_end;   // Of this node and all below.
  std::uint64_t least_number;  // As above.
  int height = 1;
  std::unique_ptr<Node> left = nullptr;
  std::unique_ptr<Node> right = nullptr;
};

// Every function below recurses no deeper than the tree is high: 1.44 log2 n.
// NOLINTBEGIN(misc-no-recursion)
namespace {

template <class Node>
using Tree = std::unique_ptr<Node>;

bool is_before(const RangeTree::Item& a, const RangeTree::Item& b) noexcept {
  return std::pair(a.range.begin, a.number) < std::pair(b.range.begin, b.number);
}

template <class Node>
int height_of(const Tree<Node>& tree) noexcept {
  return tree == nullptr ? 0 : tree->height;
}

template <class Node>
void update(Node& node) noexcept {
  node.height = 1 + std::max(height_of(node.left), height_of(node.right));
  node.largest_end = node.item.range.end;
  node.least_number = node.item.number;
  for (const Tree<Node>* below : {&node.left, &node.right}) {
    if (*below != nullptr) {
      node.largest_end = std::max(node.largest_end, (*below)->largest_end);
      node.least_number = std::min(node.least_number, (*below)->least_number);
    }
  }
}

// `rising` becomes the root of `tree`, whose child it was; `other` is the side it was not on.
template <class Node>
void rotate(Tree<Node>& tree, Tree<Node> Node::* rising, Tree<Node> Node::* other) noexcept {
  Tree<Node> top = std::move((*tree).*rising);
  (*tree).*rising = std::move((*top).*other);
  update(*tree);
  (*top).*other = std::move(tree);
  update(*top);
  tree = std::move(top);
}

template <class Node>
void balance(Tree<Node>& tree) noexcept {
  update(*tree);
  const int lean = height_of(tree->left) - height_of(tree->right);
  if (lean > 1) {
    if (height_of(tree->left->left) < height_of(tree->left->right)) {
      rotate(tree->left, &Node::right, &Node::left);
    }
    rotate(tree, &Node::left, &Node::right);
  } else if (lean < -1) {
    if (height_of(tree->right->right) < height_of(tree->right->left)) {
      rotate(tree->right, &Node::left, &Node::right);
    }
    rotate(tree, &Node::right, &Node::left);
  }
}

template <class Node>
void insert_into(Tree<Node>& tree, const RangeTree::Item& item) {
  if (tree == nullptr) {
    tree = std::make_unique<Node>(item);
    return;
  }
  insert_into(is_before(item, tree->item) ? tree->left : tree->right, item);
  balance(tree);
}

template <class Node>
Tree<Node> take_first(Tree<Node>& tree) noexcept {
  if (tree->left == nullptr) {
    Tree<Node> first = std::move(tree);
    tree = std::move(first->right);
    return first;
  }
  Tree<Node> first = take_first(tree->left);
  balance(tree);
  return first;
}

template <class Node>
void remove_root(Tree<Node>& tree) noexcept {
  const Tree<Node> removed = std::move(tree);
  if (removed->right == nullptr) {
    tree = std::move(removed->left);
    return;
  }
  tree = take_first(removed->right);
  tree->left = std::move(removed->left);
  tree->right = std::move(removed->right);
  balance(tree);
}

template <class Node>
void erase_from(Tree<Node>& tree, const RangeTree::Item& item) noexcept {
  if (tree == nullptr) {
    return;
  }
  if (is_before(item, tree->item)) {
    erase_from(tree->left, item);
  } else if (is_before(tree->item, item)) {
    erase_from(tree->right, item);
  } else {
    remove_root(tree);
  }
  if (tree != nullptr) {
    balance(tree);
  }
}

// If nothing on the left meets the range though something there ends after its begin, that begins
// after its end, and so does all on the right: one path down is enough, as long as `below` leaves
// nothing out.
template <class Node>
const Node* find_overlap(const Node* node, const PageRange& range, std::uint64_t below) noexcept {
  if (node == nullptr || node->largest_end <= range.begin || node->least_number >= below) {
    return nullptr;
  }
  if (const Node* found = find_overlap(node->left.get(), range, below)) {
    return found;
  }
  if (node->item.range.begin >= range.end) {
    return nullptr;
  }
  if (node->item.range.overlaps(range) && node->item.number < below) {
    return node;
  }
  return find_overlap(node->right.get(), range, below);
}

template <class Node>
void collect(const Node* node, const PageRange& range, std::vector<RangeTree::Item>& into) {
  if (node == nullptr || node->largest_end <= range.begin) {
    return;
  }
  collect(node->left.get(), range, into);
  if (node->item.range.begin >= range.end) {
    return;
  }
  if (node->item.range.overlaps(range)) {
    into.push_back(node->item);
  }
  collect(node->right.get(), range, into);
}

}  // namespace
// NOLINTEND(misc-no-recursion)

RangeTree::RangeTree() noexcept = default;
RangeTree::RangeTree(RangeTree&& other) noexcept = default;
RangeTree& RangeTree::operator=(RangeTree&& other) noexcept = default;
RangeTree::~RangeTree() = default;

void RangeTree::insert(const Item& item) {
  insert_into(root_, item);
}

void RangeTree::erase(const Item& item) {
  erase_from(root_, item);
}

std::optional<RangeTree::Item> RangeTree::first_overlap(const PageRange& range,
                                                        std::uint64_t below) const noexcept {
  const Node* found = find_overlap(root_.get(), range, below);
  return found == nullptr ? std::nullopt : std::optional(found->item);
}

std::vector<RangeTree::Item> RangeTree::overlaps(const PageRange& range) const {
  std::vector<Item> found;
  collect(root_.get(), range, found);
  return found;
}

std::optional<RangeTree::Item> RangeTree::at_or_after(const Item& from) const noexcept {
  std::optional<Item> found;
  for (const Node* node = root_.get(); node != nullptr;) {
    if (is_before(node->item, from)) {
      node = node->right.get();
    } else {
      found = node->item;
      node = node->left.get();
    }
  }
  return found;
}

}  // namespace tenure::core
