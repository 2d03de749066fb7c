import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startS3Server, type S3Server } from '../support/s3-server.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { makeSong, probeFile } from '../support/stack-media.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

let server: S3Server
let stack: TestStack
let folder: string
let customer: Customer
let songId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  server = await startS3Server()
  stack = await startTestStack({ ...server.settings })
  // Two machines, as far as files go: they share nothing but the bucket.
  await stack.addWorker({
    WORKER_QUEUES: 'pipelines,media',
    SPOOL_WORK_DIR: join(folder, 'machine-1'),
  })
  await stack.addWorker({ WORKER_QUEUES: 'render', SPOOL_WORK_DIR: join(folder, 'machine-2') })
  customer = await newCustomer(stack, { credits: 100, plan: 'studio' })
  const uploaded = await customer.upload(await makeSong(join(folder, 'song.wav'), 5))
  expect(uploaded.status).toBe(201)
  songId = uploaded.body.id
})

afterAll(async () => {
  await stack?.stop()
  await server?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const render = async () => {
  const video = await customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 1, endSeconds: 2.5 },
    format: '16:9',
  })
  const { executionId } = await customer.order(video.id)
  return { videoId: video.id, executionId }
}

test('a render lies in the bucket, and its URLs lead there', async () => {
  const { videoId, executionId } = await render()
  const execution = await customer.untilOver(executionId)
  expect(execution).toMatchObject({ status: 'completed', credits: { captured: 2 } })
  const { body } = await customer.call<{ videoUrl: string; thumbnailUrl: string }>(
    'GET',
    `/v1/videos/${videoId}`,
  )
  expect(body.videoUrl.startsWith(`${server.endpoint}/${server.bucket}/`)).toBe(true)
  const response = await fetch(body.videoUrl)
  expect(response.headers.get('content-type')).toBe('video/mp4')
  const path = join(folder, 'video.mp4')
  await writeFile(path, Buffer.from(await response.arrayBuffer()))
  expect((await probeFile(path)).streams.map(({ codec_type }) => codec_type).toSorted()).toEqual([
    'audio',
    'video',
  ])
  expect((await fetch(body.thumbnailUrl)).headers.get('content-type')).toBe('image/jpeg')
  // The routes of the folder are not there.
  expect((await fetch(`${stack.apiUrl}/files/some/key`)).status).toBe(404)
})

test('a bucket that is away for a while costs no render', async () => {
  const readiness = async () => {
    const response = await fetch(`${stack.apiUrl}/readyz`)
    const { checks } = (await response.json()) as { checks: { storage: string } }
    return checks.storage
  }
  const { executionId } = await render()
  await server.service.kill()
  await eventually(async () => expect(await readiness()).toBe('unavailable'))
  await server.service.start()
  await eventually(async () => expect(await readiness()).toBe('ok'))
  expect(await customer.untilOver(executionId)).toMatchObject({ status: 'completed' })
  expect(await ledgerViolations(stack)).toEqual([])
})
