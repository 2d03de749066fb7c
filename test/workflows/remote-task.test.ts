/** A task whose work a provider does: its webhooks early, doubled, premature, lost; its failures. */

import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ProviderActivities, TaskActivities } from '../../src/contracts/activities.ts'
import type { TaskId } from '../../src/domain/ids.ts'
import { taskWorkflowId } from '../../src/domain/ids.ts'
import { taskEvent } from '../../src/workflows/messages.ts'
import type { task as taskWorkflow } from '../../src/workflows/task.ts'
import { eventually } from '../support/eventually.ts'
import { failWith } from '../support/activity-fakes.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

type Activities = ProviderActivities &
  Pick<TaskActivities, 'prepareTask' | 'completeTask' | 'abandonTask'>
type Inspection = Awaited<ReturnType<ProviderActivities['inspectRemoteTask']>>

const OUTPUT = {
  storageKey: 'tasks/x/output.webp',
  contentType: 'image/webp',
  sizeBytes: 1,
  durationSeconds: null,
  widthPx: 1,
  heightPx: 1,
}
const WORKING: Inspection = { status: 'processing', failure: null, answered: true }
const DONE: Inspection = { status: 'completed', failure: null, answered: true }

interface World {
  readonly taskId: TaskId
  readonly calls: string[]
  readonly ends: string[]
  /** What the provider says when it is asked. */
  says: Inspection
  readonly activities: Activities
}

/** A provider that remembers what it was asked; `pollIntervalMs` is how soon it is asked anyway. */
const worldOf = (
  plan: { pollIntervalMs?: number; stallTimeoutMs?: number } = {},
  change: (world: World) => Partial<Activities> = () => ({}),
): World => {
  const calls: string[] = []
  const ends: string[] = []
  const taskId: TaskId = `task_${randomUUID().replaceAll('-', '')}`
  const world: World = { taskId, calls, ends, says: WORKING, activities: {} as Activities }
  const base: Activities = {
    prepareTask: async () => ({
      status: 'ready',
      work: 'image',
      inputKey: 'in',
      inputIs: 'medium',
      durationSeconds: 3,
      remote: {
        provider: { name: 'hosted', pollIntervalMs: 60_000, stallTimeoutMs: 60_000, ...plan },
        kind: 'image',
        options: {},
      },
    }),
    submitRemoteTask: async ({ provider }) => ({ provider, jobId: 'job_1' }),
    inspectRemoteTask: async () => world.says,
    collectRemoteTask: async () => OUTPUT,
    cancelRemoteTask: async () => undefined,
    completeTask: async () => {
      ends.push('completed')
      return { deliveryIds: [] }
    },
    abandonTask: async ({ ending, failure }) => {
      ends.push(failure ?? ending)
      return { deliveryIds: [] }
    },
  }
  for (const [name, activity] of Object.entries({ ...base, ...change(world) })) {
    Object.assign(world.activities, {
      [name]: async (input: never) => {
        calls.push(name)
        return await (activity as (input: never) => Promise<unknown>)(input)
      },
    })
  }
  return world
}

const start = ({ taskId }: World) =>
  server.client.workflow.start<typeof taskWorkflow>('task', {
    workflowId: taskWorkflowId(taskId),
    taskQueue: 'pipelines',
    args: [{ taskId, accountId: 'acct_12345678', admission: null }],
  })

const news = { taskId: 'image', status: 'completed' } as const
const countOf = (world: World, name: string) => world.calls.filter((call) => call === name).length

test('its webhook wakes it, and it asks before it believes', async () => {
  const world = worldOf()
  await server.with(world.activities, async () => {
    const handle = await start(world)
    await eventually(() => expect(world.calls).toContain('submitRemoteTask'))
    world.says = DONE
    await handle.signal(taskEvent, news)
    expect(await handle.result()).toMatchObject({ status: 'completed' })
  })
  expect(world.calls.slice(2)).toEqual(['inspectRemoteTask', 'collectRemoteTask', 'completeTask'])
})

test('a webhook that comes before the order was answered is not lost', async () => {
  const world = worldOf({}, () => ({
    submitRemoteTask: async ({ provider, workflowId }) => {
      await server.client.workflow.getHandle(workflowId).signal(taskEvent, news)
      return { provider, jobId: 'job_1' }
    },
  }))
  world.says = DONE
  await server.with(world.activities, async () => {
    expect(await (await start(world)).result()).toMatchObject({ status: 'completed' })
  })
})

test('a webhook that comes too soon or twice does no harm', async () => {
  const world = worldOf()
  await server.with(world.activities, async () => {
    const handle = await start(world)
    await handle.signal(taskEvent, news)
    await eventually(() => expect(countOf(world, 'inspectRemoteTask')).toBe(1))
    world.says = DONE
    await Promise.all([handle.signal(taskEvent, news), handle.signal(taskEvent, news)])
    expect(await handle.result()).toMatchObject({ status: 'completed' })
  })
  expect(countOf(world, 'collectRemoteTask')).toBe(1)
  expect(world.ends).toEqual(['completed'])
})

test('a webhook that never comes is made up for by asking', async () => {
  const world = worldOf({ pollIntervalMs: 300 })
  world.says = DONE
  await server.with(world.activities, async () => {
    expect(await (await start(world)).result()).toMatchObject({ status: 'completed' })
  })
})

test('a job that failed fails the task with what the provider says of the input', async () => {
  const world = worldOf({ pollIntervalMs: 300 })
  world.says = { status: 'failed', failure: 'MEDIA_NO_VIDEO', answered: true }
  await server.with(world.activities, async () => {
    expect(await (await start(world)).result()).toMatchObject({ status: 'failed' })
  })
  expect(world.ends).toEqual(['MEDIA_NO_VIDEO'])
})

test('a provider that gives no answer for the stall time is given up, and told to stop', async () => {
  const world = worldOf({ pollIntervalMs: 200, stallTimeoutMs: 600 })
  world.says = { status: 'processing', failure: null, answered: false }
  await server.with(world.activities, async () => {
    expect(await (await start(world)).result()).toMatchObject({ status: 'failed' })
  })
  expect(world.ends).toEqual(['PROVIDER_UNAVAILABLE'])
  expect(world.calls).toContain('cancelRemoteTask')
})

test('an order of unknown outcome is not sent again', async () => {
  const world = worldOf({}, () => ({
    submitRemoteTask: async () => {
      throw failWith('PROVIDER_OUTCOME_UNKNOWN')
    },
  }))
  await server.with(world.activities, async () => {
    expect(await (await start(world)).result()).toMatchObject({ status: 'failed' })
  })
  expect(countOf(world, 'submitRemoteTask')).toBe(1)
  expect(world.ends).toEqual(['PROVIDER_OUTCOME_UNKNOWN'])
})

test('a task that is cancelled is cancelled at the provider too', async () => {
  const world = worldOf()
  await server.with(world.activities, async () => {
    const handle = await start(world)
    await eventually(() => expect(world.calls).toContain('submitRemoteTask'))
    await handle.cancel()
    await expect(handle.result()).rejects.toThrow('Workflow execution cancelled')
  })
  expect(world.calls).toContain('cancelRemoteTask')
  expect(world.ends).toEqual(['canceled'])
})
