import { createHash } from 'node:crypto'

const NODE_PREFIX = Buffer.from([1])

/** A Merkle tree that only grows, kept as the roots of its perfect subtrees, largest first: one for each bit of `size`. */
export interface Tree {
  readonly size: number
  readonly frontier: readonly Buffer[]
}

export const EMPTY_TREE: Tree = { size: 0, frontier: [] }

/** Adds a leaf's hash; as many subtrees merge as `size` ends in ones. */
export function append({ size, frontier }: Tree, leaf: Buffer): Tree {
  const roots = [...frontier]
  let merged = leaf
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    const left = roots.pop()
    if (left === undefined) throw new Error('the frontier does not fit the size of the tree')
    merged = hashNode(left, merged)
  }
  return { size: size + 1, frontier: [...roots, merged] }
}

/** MTH of RFC 6962, 2.1: SHA-256 of nothing for the empty tree. */
export function rootOf({ frontier }: Tree): Buffer {
  const root = frontier.reduceRight<Buffer | undefined>(
    (right, left) => (right === undefined ? left : hashNode(left, right)),
    undefined,
  )
  return root ?? createHash('sha256').digest()
}

function hashNode(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest()
}
