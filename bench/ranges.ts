import { makeFilm, streamSeconds, uploadMedium } from './customer.ts'
import { atLeast } from './figure.ts'
import type { Measure } from './run.ts'

const GOAL = 1.8
/** Small enough that two minutes of film are done in one or two. */
const LINES = 480

/**
 * A whole stream of a film by two media workers, each on a core of its own, against one of them alone.
 * Everything else (workflows, the servers) has the machine to itself as far as these leave it.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const seconds = run.quick ? 40 : 120
  const mediaId = await uploadMedium(stack, await makeFilm(stack, { seconds, lines: LINES }))
  // Speech would be work on a third queue, and is no work on ranges.
  const env = { SPOOL_SPEECH: 'none' }
  const others = await stack.startWorker({ env: { ...env, WORKER_QUEUES: 'pipelines,inference' } })
  const media = (core: number) =>
    stack.startWorker({ core, env: { ...env, WORKER_QUEUES: 'media', SPOOL_MEDIA_SLOTS: '1' } })
  const workers = [others, await media(0)]
  try {
    const alone = await streamSeconds(stack, mediaId)
    run.say(`  one worker: ${alone.toFixed(1)} s`)
    workers.push(await media(1))
    const together = await streamSeconds(stack, mediaId)
    return [
      {
        name: `ranges: ${seconds} s of ${LINES}p by two workers of one core`,
        ours: `${together.toFixed(1)} s`,
        yardstick: `${alone.toFixed(1)} s by one of them`,
        ...atLeast(alone / together, GOAL),
      },
    ]
  } finally {
    for (const worker of workers) await worker.stop()
  }
}
