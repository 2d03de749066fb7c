// `node scripts/run.mjs scripts/record-histories.ts`: runs each workflow through each of its endings on
// a real stack and writes the histories that the replay tests replay. Histories of a released version
// stay; record anew only what no execution anywhere can have any more. Arguments choose: `renders`,
// `streams`, `localizations`, `generations`, `clips`.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { eventually } from '../test/support/eventually.ts'
import { startFakeAsyncVideo } from '../test/support/fake-async-video.ts'
import { startFakeFal } from '../test/support/fake-fal.ts'
import { startFakeRenderer } from '../test/support/fake-renderer.ts'
import { startFakeHttpService } from '../test/support/fake-http-service.ts'
import { recordedEndings, type RecordedEnding } from '../test/support/recorded-endings.ts'
import { recordedClips } from '../test/support/recorded-clips.ts'
import { recordedGenerations } from '../test/support/recorded-generations.ts'
import { recordedLocalizations } from '../test/support/recorded-localizations.ts'
import { recordedStreams } from '../test/support/recorded-streams.ts'
import { settingsOfFakes } from '../test/support/stack-generations.ts'
import { makeSong } from '../test/support/stack-media.ts'
import { startTestStack } from '../test/support/stack.ts'
import { startWebhookSink } from '../test/support/webhook-sink.ts'
import { projectRoot } from './stack/toolchain.ts'

const TARGET = join(projectRoot, 'test', 'replay', 'histories')

/** What names this machine, and is nothing to the replay. */
const scrubbed = (key: string, value: unknown): unknown => {
  // A worker, and the queue that is its own: `<pid>@<host>…`.
  if (typeof value === 'string' && /^\d+@/.test(value)) return 'recorded'
  return key === 'stackTrace' ? '' : value
}

/** The histories of all runs under a workflow id, oldest first. */
const historiesOf = (client: Client, workflowId: string, runs: number): Promise<string[]> =>
  eventually(async () => {
    const found = []
    for await (const run of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
      found.push(run)
    }
    if (found.length !== runs || found.some(({ status }) => status.name === 'RUNNING')) {
      throw new Error(`${workflowId} has ${found.length} runs, or is not at its end`)
    }
    const oldestFirst = found.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
    const texts = oldestFirst.map(async ({ runId }) => {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
      return `${JSON.stringify(JSON.parse(historyToJSON(history)), scrubbed, 1)}\n`
    })
    return await Promise.all(texts)
  })

/** A speech server that hears one word, or nothing that it would take. */
const startSpeech = async () => {
  let answers: 'words' | 'refusal' = 'words'
  const words = {
    language: 'english',
    duration: 1,
    segments: [{ start: 0, end: 1, text: 'Hello.' }],
  }
  const service = await startFakeHttpService(() =>
    answers === 'refusal'
      ? { status: 400, body: '{}' }
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(words) },
  )
  const setSpeech = (change: 'words' | 'refusal') => {
    answers = change
  }
  return { url: `${service.baseUrl}/v1`, setSpeech, close: service.close }
}

/** A translator that knows German from the second time on. */
const startTranslator = async () => {
  let refusals = 1
  const service = await startFakeHttpService(({ body }) => {
    const { q, target } = JSON.parse(body) as { q: string | string[]; target: string }
    if (target === 'de' && refusals-- > 0) return { status: 400, body: '{}' }
    return { body: JSON.stringify({ translatedText: q }) }
  })
  return { url: service.baseUrl, close: service.close }
}

const chosen = process.argv.slice(2)
const isChosen = (group: string): boolean => chosen.length === 0 || chosen.includes(group)

const folder = mkdtempSync(join(tmpdir(), 'spool-histories-'))
const stops: (() => Promise<unknown>)[] = []
try {
  const sink = await startWebhookSink()
  stops.push(sink.close)
  const alpha = await startFakeRenderer('alpha', folder)
  const beta = await startFakeRenderer('beta', folder)
  const speech = await startSpeech()
  const translator = await startTranslator()
  const video = await startFakeAsyncVideo()
  const fal = await startFakeFal()
  stops.push(alpha.close, beta.close, speech.close, translator.close, video.close, fal.close)
  const stack = await startTestStack({
    SPOOL_RENDERERS: JSON.stringify([alpha.entry('primary'), beta.entry('backup')]),
    SPOOL_TASK_PROVIDERS: JSON.stringify([{ ...alpha.entry('primary'), kinds: ['audio'] }]),
    SPOOL_STALL_TIMEOUT_SECONDS: '4',
    SPOOL_POLL_INTERVAL_SECONDS: '1',
    SPOOL_ALLOW_PRIVATE_SOURCES: sink.host,
    SPOOL_SPEECH: 'openai',
    SPOOL_SPEECH_URL: speech.url,
    SPOOL_TRANSLATOR: 'libretranslate',
    SPOOL_TRANSLATOR_URL: translator.url,
    ...settingsOfFakes({ video, fal }),
  })
  stops.push(stack.stop)
  const worker = await stack.addWorker()
  const connection = await Connection.connect({ address: stack.temporalAddress })
  stops.push(() => connection.close())
  const client = new Client({ connection })
  const endings: RecordedEnding[] = []
  if (isChosen('renders')) {
    await client.schedule.getHandle('spool-hold-sweep').trigger()
    const song = await makeSong(join(folder, 'song.wav'), 4)
    endings.push(...(await recordedEndings({ stack, alpha, beta, sink, song })))
    const sweeps = client.workflow.list({ query: 'WorkflowType = "holdSweep"' })
    for await (const { workflowId } of sweeps) endings.push({ workflowId, names: ['hold-sweep'] })
  }
  if (isChosen('streams')) {
    endings.push(...(await recordedStreams({ stack, folder, setSpeech: speech.setSpeech })))
  }
  if (isChosen('generations')) {
    endings.push(...(await recordedGenerations({ stack, video, fal })))
  }
  if (isChosen('localizations')) {
    // The provider of before would be sent the sound.
    await worker.stop()
    await stack.addWorker({ SPOOL_TASK_PROVIDERS: '' })
    speech.setSpeech('words')
    endings.push(...(await recordedLocalizations({ stack, folder })))
  }
  if (isChosen('clips')) {
    await worker.stop()
    await stack.addWorker({ SPOOL_TASK_PROVIDERS: '' })
    speech.setSpeech('words')
    endings.push(...(await recordedClips({ stack, folder })))
  }

  mkdirSync(TARGET, { recursive: true })
  for (const { workflowId, names } of endings) {
    const texts = await historiesOf(client, workflowId, names.length)
    texts.forEach((text, index) => {
      writeFileSync(join(TARGET, `${names[index]}.json`), text)
      console.log(`${names[index]}: ${JSON.parse(text).events.length} events`)
    })
  }
} finally {
  for (const stop of stops.toReversed()) await stop()
  rmSync(folder, { recursive: true, force: true })
}
