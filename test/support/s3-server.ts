import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/stack/ports.ts'
import { projectRoot } from '../../scripts/stack/toolchain.ts'
import { serviceOf, type Service } from './stack-service.ts'

/** A real S3 server with one empty bucket, on a free port and in a folder of its own. */
export interface S3Server {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** What a process of ours needs to keep its files here. */
  readonly settings: Readonly<Record<string, string>>
  readonly service: Service
  /** Names of everything below the bucket's folder, hidden folders of the server included. */
  readonly files: () => string[]
  readonly close: () => Promise<void>
}

const programPath = async (): Promise<string> => {
  const module = join(projectRoot, 'scripts', 'setup', 's3-server.mjs')
  const { ensureS3Server } = (await import(module)) as { ensureS3Server: Ensure }
  const notes: string[] = []
  const path = await ensureS3Server({ root: projectRoot, note: (line) => notes.push(line) })
  if (path === null) throw new Error(notes.join('\n'))
  return path
}

type Ensure = (options: { root: string; note: (line: string) => void }) => Promise<string | null>

/** Starts versitygw. */
export const startS3Server = async (): Promise<S3Server> => {
  const dir = mkdtempSync(join(tmpdir(), 'spool-s3-'))
  const bucket = 'spool-test'
  const data = join(dir, 'data')
  const sidecar = join(dir, 'sidecar')
  mkdirSync(join(data, bucket), { recursive: true })
  mkdirSync(sidecar)
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const [accessKeyId, secretAccessKey] = ['key-of-the-tests', 'secret-of-the-tests']
  const service = serviceOf({
    name: 's3',
    command: await programPath(),
    // Not every file system that tests run on has extended attributes.
    args: ['--port', `127.0.0.1:${port}`, '--health', '/health', '--quiet'].concat([
      'posix',
      '--sidecar',
      sidecar,
      data,
    ]),
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    logFile: join(dir, 's3.log'),
    ready: async () => {
      const { ok } = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2_000) })
      if (!ok) throw new Error('not healthy yet')
    },
    readyTimeoutMs: 30_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 5_000,
  })
  await service.start()
  return {
    endpoint,
    bucket,
    accessKeyId,
    secretAccessKey,
    settings: {
      SPOOL_STORAGE: 's3',
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY: accessKeyId,
      S3_SECRET_KEY: secretAccessKey,
    },
    service,
    files: () =>
      readdirSync(join(data, bucket), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(join(data, bucket).length + 1)),
    close: async () => {
      await service.stop()
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
