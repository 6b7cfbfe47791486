import { describe, expect } from 'vitest'
import { ADA } from '../support/people.ts'
import { connect, test } from '../support/service.ts'

describe('encryption_operations_total', () => {
  test('counts what is sealed and opened, and what does not open', async ({ db, service }) => {
    await connect(service)
    const owner = { userId: ADA, platform: 'strava' }
    expect(await service.vault.findTokens(owner)).toBeDefined()
    await db.admin.query(
      'update vault.tokens set access_token_sealed = set_byte(access_token_sealed, 80, get_byte(access_token_sealed, 80) # 255)',
    )
    await expect(service.vault.findTokens(owner)).rejects.toThrow('vault/unreadable')
    const delivery = { platform: 'strava', body: Buffer.from('{}') }
    await service.vault.sealDeliveries([delivery, delivery, delivery])
    const lines = (await service.metrics.registry.metrics()).split('\n')
    const counted = lines.filter((line) => line.startsWith('encryption_operations_total{'))
    expect(counted).toContain('encryption_operations_total{operation="seal",purpose="token",outcome="success"} 1')
    expect(counted).toContain('encryption_operations_total{operation="open",purpose="token",outcome="failure"} 1')
    expect(counted).toContain('encryption_operations_total{operation="seal",purpose="inbox",outcome="success"} 3')
    expect(counted.join('\n')).toMatch(/operation="seal",purpose="oauth_state",outcome="success"} [1-9]/)
  })
})
