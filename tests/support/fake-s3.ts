import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A bucket as S3's REST API shows it, for what an object store is used for here: put, get, list in pages of three, delete, parts. */
export class FakeS3 {
  readonly objects = new Map<string, Buffer>()
  readonly requests: string[] = []
  /** The largest body of one request. */
  largestBody = 0
  readonly #uploads = new Map<string, Map<number, Buffer>>()
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy())
  })

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3()
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Uploads that were neither completed nor aborted. */
  get openUploads(): number {
    return this.#uploads.size
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    const body = await buffer(request)
    this.largestBody = Math.max(this.largestBody, body.length)
    this.requests.push(`${request.method} ${url.pathname}`)
    const declared = String(request.headers['x-amz-content-sha256'] ?? '')
    const signed = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=') === true
    if (!signed || (/^[0-9a-f]{64}$/.test(declared) && declared !== createHash('sha256').update(body).digest('hex')))
      return void response.writeHead(403).end(error('AccessDenied'))
    const [, bucket = '', ...key] = url.pathname.split('/')
    const name = decodeURIComponent(key.join('/'))
    if (bucket !== 'backups') return void response.writeHead(404).end(error('NoSuchBucket'))
    if (name === '') return this.#list(url.searchParams, response)
    if (request.method === 'PUT') return this.#put({ name, body, query: url.searchParams }, response)
    if (request.method === 'POST') return this.#post({ name, body, query: url.searchParams }, response)
    if (request.method === 'DELETE') {
      if (url.searchParams.has('uploadId')) this.#uploads.delete(url.searchParams.get('uploadId')!)
      else this.objects.delete(name)
      return void response.writeHead(204).end()
    }
    const object = this.objects.get(name)
    if (object === undefined) return void response.writeHead(404).end(error('NoSuchKey'))
    response.writeHead(200, { 'content-length': object.length }).end(object)
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const names = [...this.objects.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '')).sort()
    const from = Number(query.get('continuation-token') ?? 0)
    const page = names.slice(from, from + 3)
    const more = from + 3 < names.length
    const contents = page.map((name) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`).join('')
    const next = more ? `<NextContinuationToken>${from + 3}</NextContinuationToken>` : ''
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`)
  }

  #put({ name, body, query }: Upload, response: ServerResponse): void {
    const upload = this.#uploads.get(query.get('uploadId') ?? '')
    if (upload === undefined) this.objects.set(name, body)
    else upload.set(Number(query.get('partNumber')), body)
    response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end()
  }

  #post({ name, body, query }: Upload, response: ServerResponse): void {
    if (query.has('uploads')) {
      const id = randomUUID()
      this.#uploads.set(id, new Map())
      return void response.end(
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      )
    }
    const id = query.get('uploadId') ?? ''
    const parts = this.#uploads.get(id) ?? new Map<number, Buffer>()
    const wanted = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]))
    const bytes = wanted.map((number) => parts.get(number)!)
    // As the real one: only the last part may be small.
    if (bytes.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024))
      return void response.writeHead(400).end(error('EntityTooSmall'))
    this.#uploads.delete(id)
    this.objects.set(name, Buffer.concat(bytes))
    response.end('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>')
  }
}

interface Upload {
  readonly name: string
  readonly body: Buffer
  readonly query: URLSearchParams
}

const error = (code: string) => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`
