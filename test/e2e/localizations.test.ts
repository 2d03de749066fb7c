import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { MediaStreamAnswer } from '../../src/contracts/http/streams.ts'
import { readSubtitles } from '../../src/domain/captions/subtitle-file.ts'
import type { Transcript } from '../../src/domain/transcript.ts'
import { eventually } from '../support/eventually.ts'
import { processesIn } from '../support/processes.ts'
import { makeSpeech } from '../support/speech.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { ffmpeg } from '../support/stack-media.ts'
import { workerPool, workspacesOf, type WorkerPool } from '../support/stack-workers.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

const SENTENCES = ['Welcome my friend.', 'Today we will learn how to make a movie.']

/** Speaks as LibreTranslate does; a language can be made to fail, or to let its callers wait. */
interface FakeTranslator {
  readonly server: Server
  readonly url: string
  readonly asked: string[]
  readonly failing: Set<string>
  readonly holding: Set<string>
  readonly held: ServerResponse[]
}

const startTranslator = async (): Promise<FakeTranslator> => {
  const asked: string[] = []
  const failing = new Set<string>()
  const holding = new Set<string>()
  const held: ServerResponse[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { q, target } = JSON.parse(await text(request)) as { q: string[]; target: string }
    asked.push(target)
    response.setHeader('content-type', 'application/json')
    if (holding.has(target)) {
      held.push(response)
      return
    }
    if (failing.has(target)) {
      response.statusCode = 400
      response.end(JSON.stringify({ error: `${target} is not supported` }))
      return
    }
    const texts = [q].flat().map((line) => `[${target}] ${line} 👋🏽 مرحبا`)
    response.end(JSON.stringify({ translatedText: Array.isArray(q) ? texts : texts[0] }))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}`, asked, failing, holding, held }
}

let stack: TestStack
let workers: WorkerPool
let translator: FakeTranslator
let folder: string
let customer: Customer
let mediaId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-localizations-'))
  translator = await startTranslator()
  stack = await startTestStack({
    SPOOL_PYTHON_PATH: toolchain().pythonPath ?? 'python3',
    SPOOL_TRANSLATOR: 'libretranslate',
    SPOOL_TRANSLATOR_URL: translator.url,
  })
  workers = workerPool(stack)
  await Promise.all([workers.add(), workers.add()])
  customer = await newCustomer(stack, { credits: 500 })
  const voice = await makeSpeech(join(folder, 'voice.wav'), SENTENCES)
  const film = join(folder, 'film.mp4')
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=10', '-i', voice, '-shortest'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', film],
  )
  mediaId = (await customer.upload(film)).body.id
}, 120_000)

afterAll(async () => {
  await stack?.stop()
  translator?.server.closeAllConnections()
  translator?.server.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

beforeEach(() => {
  translator.asked.length = 0
  translator.failing.clear()
  translator.holding.clear()
})

interface Accepted {
  readonly executionId: string
  readonly creditsHeld: number
}

const order = async (body: Record<string, unknown>): Promise<Accepted> => {
  const answer = await customer.call<Accepted>('POST', '/v1/localizations', {
    body: { mediaId, ...body },
  })
  expect(answer).toMatchObject({ status: 202 })
  return answer.body
}

const stepsOf = ({ steps }: ExecutionAnswer): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, status }) => [name, status]))

const attemptsOf = ({ steps }: ExecutionAnswer): Record<string, number> =>
  Object.fromEntries(steps.map(({ name, attempts }) => [name, attempts]))

const fetchText = async (url: string | undefined): Promise<string> =>
  await (await fetch(url ?? '')).text()

const streamOf = async (): Promise<MediaStreamAnswer> => {
  const { body } = await customer.call<{ stream: MediaStreamAnswer }>('GET', `/v1/media/${mediaId}`)
  return body.stream
}

test('what is said becomes subtitles, translations, and tracks of the stream', async () => {
  const ordered = await customer.call<Accepted>('POST', '/v1/streams', { body: { mediaId } })
  await customer.untilOver(ordered.body.executionId)
  const { executionId, creditsHeld } = await order({ languages: ['es', 'ja'] })
  const execution = await customer.untilOver(executionId)
  expect(execution).toMatchObject({
    status: 'completed',
    credits: { held: creditsHeld, captured: creditsHeld, refunded: 0 },
  })
  const { notify: _, ...steps } = stepsOf(execution)
  expect(new Set(Object.values(steps))).toEqual(new Set(['completed']))
  expect(Object.keys(steps)).toEqual(
    expect.arrayContaining(['extract audio', 'transcribe', 'subtitles', 'translate es', 'save']),
  )

  const { outputs } = execution
  expect(Object.keys(outputs).toSorted()).toEqual(
    ['en.srt', 'en.vtt', 'es.srt', 'es.vtt', 'ja.srt', 'ja.vtt', 'transcript'].toSorted(),
  )
  const transcript = JSON.parse(await fetchText(outputs['transcript'])) as Transcript
  expect(transcript.words.map((word) => word.text)).toEqual(
    expect.arrayContaining(['friend', 'today', 'movie']),
  )
  const english = readSubtitles(await fetchText(outputs['en.vtt']))
  const spanish = readSubtitles(await fetchText(outputs['es.srt']))
  const times = (cues: typeof english) => cues.map((cue) => [cue.startSeconds, cue.endSeconds])
  expect(english.length).toBeGreaterThanOrEqual(2)
  expect(times(spanish)).toEqual(times(english))
  for (const cue of spanish) expect(cue.text.replaceAll('\n', ' ')).toMatch(/^\[es\] .*👋🏽 مرحبا$/)

  const stream = await streamOf()
  expect(stream.captions.map(({ language }) => language).toSorted()).toEqual(['en', 'es', 'ja'])
  const master = await fetchText(stream.hlsUrl ?? '')
  expect(master).toMatch(/TYPE=SUBTITLES.*LANGUAGE="es"|LANGUAGE="es".*TYPE=SUBTITLES/)
  expect(await fetchText(stream.dashUrl ?? '')).toContain('lang="ja"')
  const spanishTrack = stream.captions.find(({ language }) => language === 'es')
  expect(readSubtitles(await fetchText(spanishTrack?.url))).toEqual(spanish)

  // A stream that is made anew has them from the start.
  const again = await customer.call<Accepted>('POST', '/v1/streams', { body: { mediaId } })
  await customer.untilOver(again.body.executionId)
  expect(await fetchText((await streamOf()).hlsUrl ?? '')).toContain('LANGUAGE="ja"')
  expect(await ledgerViolations(stack)).toEqual([])
}, 180_000)

test('a language that fails leaves the rest, and a retry makes that one alone', async () => {
  translator.failing.add('de')
  const { executionId, creditsHeld } = await order({ languages: ['es', 'de', 'fr'] })
  const partial = await customer.untilOver(executionId)
  expect(partial).toMatchObject({
    status: 'partial',
    error: { code: 'LANGUAGE_UNSUPPORTED', step: 'translate de' },
  })
  expect(stepsOf(partial)).toMatchObject({
    'translate es': 'completed',
    'translate de': 'failed',
    'translate fr': 'completed',
  })
  expect(partial.credits.captured + partial.credits.refunded).toBe(creditsHeld)
  expect(partial.outputs).toHaveProperty(['fr.vtt'])

  translator.failing.clear()
  translator.asked.length = 0
  const retried = await customer.call('POST', `/v1/executions/${executionId}/retry`)
  expect(retried.status).toBe(202)
  const completed = await customer.until(executionId, ({ status }) => status === 'completed')
  expect(new Set(translator.asked)).toEqual(new Set(['de']))
  const before = attemptsOf(partial)
  expect(attemptsOf(completed)).toMatchObject({
    'extract audio': before['extract audio'],
    transcribe: before['transcribe'],
    subtitles: before['subtitles'],
    'translate es': before['translate es'],
    'translate de': Number(before['translate de']) + 1,
  })
  expect(completed.outputs).toHaveProperty(['de.vtt'])
  expect(completed.outputs).toHaveProperty(['es.vtt'])
  expect(completed.credits.captured).toBe(creditsHeld)
  expect(await ledgerViolations(stack)).toEqual([])
}, 120_000)

test.each([
  ['extract audio', 'speech.flac'],
  ['transcribe', 'transcribe.py'],
])(
  'a worker that is killed in “%s” costs that attempt and nothing else',
  async (step, word) => {
    stack.setSlow(step === 'extract audio')
    const { executionId } = await order({ languages: ['es'] })
    const seen = await eventually(() => {
      const found = workspacesOf(stack).find(
        ({ ownerId, path }) =>
          ownerId === executionId &&
          processesIn(path).some(({ commandLine }) => commandLine.includes(word)),
      )
      if (found === undefined) throw new Error(`nobody is at ${step}`)
      return found
    }, 60_000)
    await workers.kill(seen.workerPid)
    stack.setSlow(false)
    const execution = await customer.untilOver(executionId)
    expect(execution).toMatchObject({ status: 'completed', error: null })
    expect(attemptsOf(execution)).toMatchObject({
      'extract audio': 1,
      // Of several activities a step counts the attempts of the first, which brings the medium.
      transcribe: step === 'transcribe' ? 2 : 1,
      'translate es': 1,
    })
    expect(await ledgerViolations(stack)).toEqual([])
    await workers.add()
  },
  120_000,
)

/** What Temporal has under way for a localization. */
const activitiesOf = async (executionId: string) => {
  const connection = await Connection.connect({ address: stack.temporalAddress })
  try {
    const handle = new Client({ connection }).workflow.getHandle(`localize-${executionId}`)
    return (await handle.describe()).raw.pendingActivities
  } finally {
    await connection.close()
  }
}

test('a worker that is killed in a translation costs that translation and no other', async () => {
  translator.holding.add('es')
  const { executionId } = await order({ languages: ['fr', 'es'] })
  await customer.until(executionId, (found) => stepsOf(found)['translate fr'] === 'completed')
  await eventually(() => expect(translator.held.length).toBeGreaterThan(0))
  // The step's row is written just before Temporal hears of its end: until then it is at risk too.
  await eventually(async () => expect(await activitiesOf(executionId)).toHaveLength(1))
  // The one that waits for an answer has no workspace of its own: both are killed, and replaced.
  translator.holding.clear()
  for (const pid of workers.all()) await workers.kill(pid)
  await Promise.all([workers.add(), workers.add()])
  const execution = await customer.untilOver(executionId)
  expect(execution).toMatchObject({ status: 'completed', error: null })
  expect(attemptsOf(execution)).toMatchObject({ transcribe: 1, 'translate fr': 1 })
  expect(attemptsOf(execution)['translate es']).toBeGreaterThan(1)
}, 120_000)

test('a cancel stops a translation, pays what was made and gives back the rest', async () => {
  translator.holding.add('es')
  const { executionId, creditsHeld } = await order({ languages: ['es', 'fr'] })
  await customer.until(executionId, (found) => stepsOf(found)['translate fr'] === 'completed')
  expect(await customer.call('POST', `/v1/executions/${executionId}/cancel`)).toMatchObject({
    status: 202,
  })
  const canceled = await customer.untilOver(executionId)
  expect(canceled.status).toBe('canceled')
  expect(stepsOf(canceled)).toMatchObject({ 'translate es': 'canceled', subtitles: 'completed' })
  expect(canceled.credits.captured).toBeLessThan(creditsHeld)
  expect(canceled.credits.captured + canceled.credits.refunded).toBe(creditsHeld)
  await eventually(() => expect(workspacesOf(stack)).toEqual([]))
  expect(await ledgerViolations(stack)).toEqual([])
}, 120_000)

test('a recording in which nobody speaks is complete, with nothing to read', async () => {
  const path = join(folder, 'silence.wav')
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=44100:cl=mono', '-t', '3', path)
  const { body } = await customer.upload(path)
  const { executionId } = await order({ mediaId: body.id, languages: ['es'] })
  const execution = await customer.untilOver(executionId)
  expect(execution.status).toBe('completed')
  expect(stepsOf(execution)).toMatchObject({ subtitles: 'skipped', 'translate es': 'skipped' })
  expect(Object.keys(execution.outputs)).toEqual(['transcript'])
}, 60_000)
