import { afterAll, beforeAll, expect, it } from 'vitest'
import { bucketOf, openStorage } from '../../../src/composition/storage.ts'
import { readConfig } from '../../../src/config.ts'
import { closedPort } from '../../support/fake-http-service.ts'
import { startS3Server, type S3Server } from '../../support/s3-server.ts'

let server: S3Server
beforeAll(async () => {
  server = await startS3Server()
})
afterAll(() => server?.close())

const configWith = (change: Record<string, string>) =>
  readConfig({
    DATABASE_URL: 'postgres://spool@127.0.0.1/spool',
    SPOOL_SECRET: 'a secret of at least thirty-two bytes',
    SPOOL_ADMIN_KEY: 'the-admin-key-of-the-tests',
    ...server.settings,
    ...change,
  })

it('a missing bucket is said at the start, and can be made, more than once', async () => {
  const config = configWith({ S3_BUCKET: 'films' })
  await expect(openStorage(config)).rejects.toThrow(
    `S3 at ${server.endpoint} shows us no bucket "films": make it (node scripts/run.mjs scripts/make-bucket.ts), or`,
  )
  await bucketOf(config).makeBucket()
  await bucketOf(config).makeBucket()
  const { store, fileGrants } = await openStorage(config)
  await expect(store.check()).resolves.toBeUndefined()
  expect(fileGrants).toBeNull()
})

it('a bucket that is closed to us is said at the start, without the secret', async () => {
  const opening = openStorage(configWith({ S3_SECRET_KEY: 'the-wrong-secret' }))
  const { message } = await opening.then(
    () => new Error('it was opened'),
    (error: Error) => error,
  )
  expect(message).toContain(`refuses the bucket "${server.bucket}": check S3_ACCESS_KEY`)
  expect(message).not.toContain('the-wrong-secret')
})

it('a server that does not answer yet is waited for', async () => {
  const warnings: unknown[] = []
  const config = configWith({ S3_ENDPOINT: `http://127.0.0.1:${await closedPort()}` })
  const { store } = await openStorage(config, {
    warn: (...line: unknown[]) => void warnings.push(line),
    debug: () => undefined,
  })
  expect(warnings).toHaveLength(1)
  await expect(store.check()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
})
