import { type ListedAccess, listAccesses } from '../compliance/emergency/queries.ts'
import type { Command } from './command.ts'
import { withWiring } from './operator.ts'

export const emergencyCommand: Command = {
  name: 'emergency',
  usage: [
    ['emergency list', 'print who asked to read whose data in an emergency, and why; newest first'],
    ['', 'two people ask and approve, each signed in: requestEmergencyAccess, approveEmergencyAccess'],
  ],
  options: {},
  async run({ positionals: [verb] }) {
    if (verb !== 'list')
      throw new Error('give emergency list; asking and approving is GraphQL, for it takes two people who are signed in')
    return withWiring(async ({ db }) => {
      const accesses = await listAccesses(db)
      return accesses.length === 0 ? 'nobody asked\n' : accesses.map(describe).join('')
    })
  },
}

function describe({
  id,
  userId,
  requestedBy,
  approvedBy,
  requestedAt,
  expiresAt,
  isOpen,
  reason,
}: ListedAccess): string {
  const end = expiresAt?.toISOString() ?? ''
  const approved =
    approvedBy === null ? 'not approved' : `approved by ${approvedBy}, ${isOpen ? 'open until' : 'ended'} ${end}`
  return `${id} by ${requestedBy} about ${userId}, ${requestedAt.toISOString()}, ${approved}: ${JSON.stringify(reason)}\n`
}
