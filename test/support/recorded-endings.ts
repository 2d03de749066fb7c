import type { TaskAnswer } from '../../src/contracts/http/tasks/task.ts'
import {
  deliveryWorkflowId,
  taskWorkflowId,
  type DeliveryId,
  type TaskId,
} from '../../src/domain/ids.ts'
import { eventually } from './eventually.ts'
import { FAKE_RENDER, type FakeRenderer } from './fake-renderer.ts'
import { newCustomer, type AcceptedRender, type Customer } from './stack-customer.ts'
import { encodingFor } from './stack-workers.ts'
import type { TestStack } from './stack.ts'
import type { WebhookSink } from './webhook-sink.ts'

/** A workflow that is at its end, and a name for the history of each of its runs. */
export interface RecordedEnding {
  readonly workflowId: string
  readonly names: readonly string[]
}

interface World {
  readonly stack: TestStack
  readonly alpha: FakeRenderer
  readonly beta: FakeRenderer
  readonly sink: WebhookSink
  /** The path of a song of four seconds. */
  readonly song: string
}

interface Scene extends World {
  readonly customer: Customer
  readonly songId: string
}

/** Brings render, task and delivery workflows to each of their endings, on a stack with one worker. */
export const recordedEndings = async (world: World): Promise<RecordedEnding[]> => {
  const { stack, song, sink } = world
  const customer = await newCustomer(stack, { credits: 100 })
  const songId = (await customer.upload(song)).body.id
  const scene = { ...world, customer, songId }
  const endings = [
    await completed(scene),
    await passedOn(scene),
    await failed(scene),
    await canceled(scene),
    await superseded(scene),
    await stalledAndRetried(scene),
    await declined(scene),
    ...(await tasks(scene)),
  ]
  // From now on there is somebody to tell.
  await customer.call('POST', '/v1/webhooks/endpoints', { body: { url: sink.url } })
  const told = await order(scene, 'told')
  await customer.untilOver(told.executionId)
  endings.push(
    { workflowId: told.workflowId, names: ['render-with-webhook'] },
    await delivery(scene),
  )
  return endings
}

const newVideo = ({ customer, songId }: Scene, title: string, seconds?: number) =>
  customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 0, endSeconds: seconds ?? FAKE_RENDER.durationSeconds },
    format: FAKE_RENDER.format,
    settings: { title },
  })

const order = async (
  scene: Scene,
  title: string,
): Promise<AcceptedRender & { videoId: string }> => {
  const { id } = await newVideo(scene, title)
  return { ...(await scene.customer.order(id)), videoId: id }
}

const taken = ({ alpha }: Scene, title: string, nth = 0) =>
  eventually(() => {
    const task = alpha.tasksOf(title)[nth]
    if (task === undefined) throw new Error(`nobody has taken ${title}`)
    return task
  })

const completed = async (scene: Scene): Promise<RecordedEnding> => {
  scene.alpha.scripts.set('completed', { work: 'alive' })
  const { executionId, workflowId } = await order(scene, 'completed')
  const task = await taken(scene, 'completed')
  task.status = 'completed'
  await scene.alpha.send(task, { type: 'job.succeeded' })
  await scene.customer.untilOver(executionId)
  return { workflowId, names: ['render-completed'] }
}

const passedOn = async (scene: Scene): Promise<RecordedEnding> => {
  scene.alpha.scripts.set('passed on', { work: 'silent' })
  const { executionId, workflowId } = await order(scene, 'passed on')
  await scene.customer.untilOver(executionId)
  return { workflowId, names: ['render-by-next-renderer'] }
}

const failed = async (scene: Scene): Promise<RecordedEnding> => {
  for (const renderer of [scene.alpha, scene.beta]) {
    renderer.scripts.set('failed', { delivers: 'short' })
  }
  const { executionId, workflowId } = await order(scene, 'failed')
  await scene.customer.untilOver(executionId)
  return { workflowId, names: ['render-failed'] }
}

const canceled = async (scene: Scene): Promise<RecordedEnding> => {
  scene.alpha.scripts.set('canceled', { work: 'alive' })
  const { executionId, workflowId } = await order(scene, 'canceled')
  await taken(scene, 'canceled')
  await scene.customer.call('POST', `/v1/executions/${executionId}/cancel`)
  await scene.customer.untilOver(executionId)
  return { workflowId, names: ['render-canceled'] }
}

const superseded = async (scene: Scene): Promise<RecordedEnding> => {
  scene.alpha.scripts.set('superseded', { work: 'alive' })
  const { videoId, workflowId } = await order(scene, 'superseded')
  await taken(scene, 'superseded')
  const { executionId } = await scene.customer.order(videoId)
  const task = await taken(scene, 'superseded', 1)
  task.status = 'completed'
  await scene.customer.untilOver(executionId)
  return { workflowId, names: ['render-superseded', 'render-successor'] }
}

const stalledAndRetried = async (scene: Scene): Promise<RecordedEnding> => {
  const { alpha, beta, customer } = scene
  for (const renderer of [alpha, beta]) {
    renderer.well = false
    renderer.scripts.set('stalled', { order: 503 })
  }
  const { executionId, workflowId } = await order(scene, 'stalled')
  await customer.until(executionId, ({ status }) => status === 'stalled')
  alpha.scripts.delete('stalled')
  await customer.call('POST', `/v1/executions/${executionId}/retry`)
  await customer.untilOver(executionId)
  return { workflowId, names: ['render-stalled-and-retried'] }
}

const declined = async (scene: Scene): Promise<RecordedEnding> => {
  const poor = await newCustomer(scene.stack, { credits: 1 })
  const songId = (await poor.upload(scene.song)).body.id
  const { id } = await newVideo({ ...scene, customer: poor, songId }, 'declined')
  await poor.call('POST', `/v1/videos/${id}/renders`)
  return { workflowId: `render-${id}`, names: ['render-declined'] }
}

const tasks = async ({ stack, customer, songId }: Scene): Promise<RecordedEnding[]> => {
  const make = async (wanted: { input: string; kind?: string }): Promise<TaskId> => {
    const { input, kind = 'render' } = wanted
    const options = kind === 'render' ? { width: 128, height: 128 } : {}
    const body = { input, kind, options }
    return (await customer.call<TaskAnswer>('POST', '/v1/tasks', { body })).body.id
  }
  const ended = (id: TaskId, ending: string) =>
    eventually(async () => {
      const { body } = await customer.call<TaskAnswer>('GET', `/v1/tasks/${id}`)
      if (body.status !== ending) throw new Error(`${id} is ${body.status} and not ${ending}`)
    }, 60_000)

  const good = await make({ input: songId })
  await ended(good, 'completed')
  const measured = await make({ input: songId, kind: 'waveform' })
  await ended(measured, 'completed')
  const provided = await make({ input: songId, kind: 'audio' })
  await ended(provided, 'completed')
  const bad = await make({ input: 'http://127.0.0.1:9/song.mp3' })
  await ended(bad, 'failed')
  stack.setSlow(true)
  const stopped = await make({ input: songId })
  await encodingFor(stack, { isOwner: (owner) => owner === stopped, word: 'rawvideo' })
  await customer.call('POST', `/v1/tasks/${stopped}/cancel`)
  await ended(stopped, 'canceled')
  stack.setSlow(false)
  return [
    { workflowId: taskWorkflowId(good), names: ['task-completed'] },
    { workflowId: taskWorkflowId(measured), names: ['task-waveform'] },
    { workflowId: taskWorkflowId(provided), names: ['task-by-provider'] },
    { workflowId: taskWorkflowId(bad), names: ['task-failed'] },
    { workflowId: taskWorkflowId(stopped), names: ['task-canceled'] },
  ]
}

const delivery = async ({ customer }: Scene): Promise<RecordedEnding> => {
  const id = await eventually(async () => {
    const { body } = await customer.call<{ deliveries: { id: DeliveryId; status: string }[] }>(
      'GET',
      '/v1/webhooks/deliveries',
    )
    const [first] = body.deliveries
    if (first?.status !== 'delivered') throw new Error('nothing has been delivered')
    return first.id
  })
  return { workflowId: deliveryWorkflowId(id), names: ['webhook-delivery'] }
}
