/** What becomes of addresses that lead to no video: each has an outcome of its own, and leaves nothing. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import type { MediaId } from '../../src/domain/ids.ts'
import type { FakeAnswer } from '../support/fake-http-service.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { newId } from '../support/records.ts'
import { VIDEO_SITE_PLUGINS } from '../support/video-site.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld({
  SPOOL_PYTHON_PATH: toolchain().pythonPath ?? 'python3',
  SPOOL_VIDEO_SITE_PLUGINS: VIDEO_SITE_PLUGINS,
})
const { customer } = world

let folder: string
let film: Buffer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-addresses-'))
  const path = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=5:duration=1', 'film.mp4'],
  )
  film = readFileSync(path)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const html = (body: string, status = 200): FakeAnswer => ({
  ...{ status, headers: { 'content-type': 'text/html; charset=utf-8' } },
  body: `<!-- made by hand -->\n<!DOCTYPE html>\n<html><head><title>A page</title></head>${body}`,
})
const json = (about: object): FakeAnswer => ({ body: JSON.stringify(about) })

const PATHS: Readonly<Record<string, () => FakeAnswer>> = {
  '/blog': () => html('<p>Nothing but words.</p>'),
  '/player': () => html('<video src="/film.mp4"></video>'),
  '/login': () => html('<form method="post"><input type="password"></form>'),
  '/members': () => ({ status: 302, headers: { location: '/login' } }),
  '/forbidden': () => html('Sign in', 401),
  '/gone': () => html('Not found', 404),
  '/broken': () => html('Try again', 503),
  '/words': () => ({ headers: { 'content-type': 'text/plain' }, body: 'Just words. '.repeat(99) }),
  '/film.mp4': () => ({ body: film }),
  // Some servers call everything they do not know a page.
  '/mislabelled': () => ({ headers: { 'content-type': 'text/html' }, body: film }),
  '/api/words': () => json({ error: 'No video could be found in this post' }),
  '/api/bare': () => json({ title: 'A film', formats: [] }),
  '/api/rebuilt': () => html('The site looks different today.'),
}

const bring = async (path: string): Promise<MediaId> => {
  customer.answer = ({ url }) => PATHS[url]?.() ?? { status: 404 }
  const { accountId, executionId } = await world.order()
  const subjectId = newId('media')
  const input = { sealedUrl: world.seal(`${customer.baseUrl}${path}`) }
  const order: PipelineOrder = {
    executionId,
    accountId,
    pipeline: 'clip',
    subjectId,
    round: 0,
    priority: 3,
    input,
  }
  await world.run('bringFootage', { executionId, order })
  return subjectId
}

describe('the address of clips', () => {
  it.each([
    ['a page without a video', '/blog', 'MEDIA_IS_PAGE', true],
    ['a page of a site that nobody knows, with a video on it', '/player', 'MEDIA_IS_PAGE', true],
    ['a page that wants a login', '/login', 'MEDIA_IS_PAGE', true],
    ['a page that leads to a login', '/members', 'MEDIA_IS_PAGE', true],
    ['a page that is forbidden', '/forbidden', 'SOURCE_NOT_FOUND', true],
    ['a page that is gone', '/gone', 'SOURCE_NOT_FOUND', true],
    ['a site that is down', '/broken', 'SOURCE_UNAVAILABLE', false],
    ['a text', '/words', 'MEDIA_UNREADABLE', true],
    ['a page of a known site without a video', '/watch/words', 'SOURCE_NOT_FOUND', true],
    // That is how sites look that are asked too often, too.
    ['a page of a known site that hides its video', '/watch/bare', 'SOURCE_UNAVAILABLE', false],
    ['a page that a known site has rebuilt', '/watch/rebuilt', 'SOURCE_UNAVAILABLE', false],
  ])('of %s ends in its own failure', async (_, path, type, nonRetryable) => {
    await expect(bring(path)).rejects.toMatchObject({ type, nonRetryable })
    expect(await world.workspaces()).toEqual([])
  })

  it.each(['/film.mp4', '/mislabelled'])(
    'of a film at %s is taken, whatever it is called',
    async (path) => {
      const mediaId = await bring(path)
      expect(mediaId).toMatch(/^med_/)
    },
  )
})
