import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sendRequest } from '../../service/runtime/http-client.ts'

const LISTENER = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  process.stdout.write(String(this.address().port)) })`

/** A host whose queue of connections is full and whose process is stopped: what comes now is not even refused. Answers its port. */
async function silentHost(): Promise<number> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
  })
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(output.toString())
  child.kill('SIGSTOP')
  for (let isQueued = true; isQueued; ) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    sockets.push(socket)
    isQueued = await Promise.race([once(socket, 'connect').then(() => true), sleep(300).then(() => false)])
  }
  return port
}

describe('a request to a host that does not take the connection', () => {
  test('is given up after ten seconds, whatever patience it has with the answer, and before that where it has less', async () => {
    const url = `http://127.0.0.1:${await silentHost()}`
    const ask = async (timeoutMs: number) => {
      const startedMs = performance.now()
      const error = await sendRequest({ method: 'GET', url }, { timeoutMs, maxBytes: 1 }).catch(
        (caught: unknown) => caught,
      )
      return { error, seconds: (performance.now() - startedMs) / 1000 }
    }
    const [patient, hasty] = await Promise.all([ask(60_000), ask(500)])
    expect(hasty.error).toMatchObject({ code: 'platform/unavailable', facts: { why: 'TimeoutError' } })
    expect(hasty.seconds).toBeLessThan(5)
    expect(patient.error).toMatchObject({ code: 'platform/unavailable', facts: { why: 'UND_ERR_CONNECT_TIMEOUT' } })
    expect(patient.seconds).toBeGreaterThan(9)
    expect(patient.seconds).toBeLessThan(20)
  })
})
