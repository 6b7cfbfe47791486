import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { ObjectStore } from './object-store.ts'

// The service's least size of a part that is not the last.
const PART_BYTES = 5 * 1024 * 1024

export interface S3Options {
  readonly bucket: string
  /** Before every name, ending in a slash unless empty. */
  readonly prefix: string
  /** Undefined: Amazon's own; otherwise a compatible service, addressed by path. */
  readonly endpoint: string | undefined
  readonly region: string
}

/** A bucket. Credentials come from the standard AWS variables, files or roles. */
export function openS3Store({ bucket, prefix, endpoint, region }: S3Options): ObjectStore {
  const client = new S3Client({ region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) })
  const at = (name: string) => ({ Bucket: bucket, Key: `${prefix}${name}` })
  return {
    async put(name, bytes) {
      await client.send(new PutObjectCommand({ ...at(name), Body: bytes }))
    },
    putStream: (name, chunks) => uploadParts(client, at(name), chunks),
    async get(name) {
      try {
        const { Body } = await client.send(new GetObjectCommand(at(name)))
        return Body instanceof Readable ? Body : undefined
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined
        throw error
      }
    },
    async *list(wanted) {
      let token: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: `${prefix}${wanted}`,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        )
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(prefix.length)
        token = page.NextContinuationToken
      } while (token !== undefined)
    },
    async delete(name) {
      await client.send(new DeleteObjectCommand(at(name)))
    },
  }
}

interface Address {
  readonly Bucket: string
  readonly Key: string
}

/** An upload that is not completed leaves no object. */
async function uploadParts(client: S3Client, address: Address, chunks: AsyncIterable<Buffer>): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(address))
  if (UploadId === undefined) throw new Error('the object store began no upload')
  try {
    const parts: { ETag: string | undefined; PartNumber: number }[] = []
    for await (const Body of inParts(chunks)) {
      const PartNumber = parts.length + 1
      const { ETag } = await client.send(new UploadPartCommand({ ...address, UploadId, PartNumber, Body }))
      parts.push({ ETag, PartNumber })
    }
    await client.send(new CompleteMultipartUploadCommand({ ...address, UploadId, MultipartUpload: { Parts: parts } }))
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...address, UploadId })).catch(() => {})
    throw error
  }
}

async function* inParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    waiting.push(chunk)
    length += chunk.length
    if (length < PART_BYTES) continue
    yield Buffer.concat(waiting)
    waiting = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(waiting)
}
