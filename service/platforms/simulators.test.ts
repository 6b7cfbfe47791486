import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { startSimulators } from './simulators.ts'

test('every simulator is served below the name of its folder, and the line says where', async () => {
  const lines: string[] = []
  const { url, port, close } = await startSimulators({ port: 0, env: {}, log: (line) => lines.push(line) })
  try {
    expect((await fetch(`${url}/strava/api/v3/athlete`)).status).toBe(401)
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^simulators listening on http://localhost:${port} \\(.*strava.*\\)$`)),
    ])
  } finally {
    await close()
  }
})

test('a bad setting is named in one line', async () => {
  const env = { STRAVA_SIMULATOR_RATE_LIMITS: '1,2', STRAVA_SIMULATOR_TOKEN_SECONDS: '0' }
  await expect(startSimulators({ port: 0, env })).rejects.toThrow(
    /^STRAVA_SIMULATOR_TOKEN_SECONDS: [^\n]*; STRAVA_SIMULATOR_RATE_LIMITS: [^\n]*$/,
  )
})

test('a taken port is an error', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  await expect(startSimulators({ port, env: {} })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await new Promise((resolve) => other.close(resolve))
})
