import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo, Socket, Server as TcpServer } from 'node:net'
import { text as readText } from 'node:stream/consumers'

export interface Posted {
  readonly headers: Record<string, unknown>
  readonly text: string
}

export async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Answers with each status once, then with the last. */
export async function app(answers: readonly { status: number; body?: object }[]) {
  const posted: Posted[] = []
  const server = createHttpServer((request, response) => {
    void readText(request).then((text) => {
      const answer = answers[Math.min(posted.length, answers.length - 1)]!
      posted.push({ headers: request.headers, text })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body ?? {}))
    })
  })
  return { url: `http://127.0.0.1:${await listen(server)}/notices`, posted, close: () => server.close() }
}

/** As little of SMTP as a client needs; `nobody@` is unknown to it. */
export function serveSmtp(socket: Socket, mails: string[]): void {
  const say = (line: string) => socket.write(`${line}\r\n`)
  let data: string | undefined
  let waiting = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    waiting += bytes.toString()
    for (let end = waiting.indexOf('\r\n'); end >= 0; end = waiting.indexOf('\r\n')) {
      const line = waiting.slice(0, end)
      waiting = waiting.slice(end + 2)
      if (data !== undefined && line !== '.') data += `${line}\n`
      else if (data !== undefined) {
        mails.push(data)
        data = undefined
        say('250 taken as 7')
      } else if (/^EHLO/i.test(line)) say('250 mail.test')
      else if (/^STARTTLS/i.test(line)) say('502 not here')
      else if (/^RCPT TO:<nobody/i.test(line)) say('550 no such user')
      else if (/^DATA/i.test(line)) {
        data = ''
        say('354 go on')
      } else if (/^QUIT/i.test(line)) {
        say('221 bye')
        socket.end()
      } else say('250 ok')
    }
  })
  say('220 mail.test ESMTP')
}
