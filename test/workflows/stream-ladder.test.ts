import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { LADDER_GROUPS, streamWorld } from '../support/stream-fakes.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

/** What the server was asked to schedule. */
const scheduled = async (handle: Awaited<ReturnType<typeof orderPipeline>>['handle']) => {
  const { events } = await handle.fetchHistory()
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: found }) =>
    found ? [{ name: found.activityType?.name ?? '', ...found }] : [],
  )
}

test('workers that find no range of a group begin the next one, and the first is published as soon as it is whole', async () => {
  const sound = Promise.withResolvers<undefined>()
  const rest = Promise.withResolvers<undefined>()
  const world = streamWorld({
    change: () => ({
      encodeLadderSound: () => sound.promise,
      encodeLadderPart: async ({ rungNames }) => {
        if (rungNames.length > 1) await rest.promise
      },
    }),
  })
  await server.with(world.activities, async () => {
    const { handle } = await orderPipeline(server, newPipelineOrder('stream'))
    const parts = LADDER_GROUPS.flatMap(({ ranges }) => ranges)
    await eventually(() => {
      expect(world.calls.filter((call) => call === 'encodeLadderPart')).toHaveLength(parts.length)
    })
    expect(world.calls).not.toContain('publishLadder')
    sound.resolve(undefined)
    await eventually(() => expect(world.calls).toContain('publishLadder'))
    expect(world.calls).not.toContain('closeLadder')
    rest.resolve(undefined)
    expect(await handle.result()).toMatchObject({ status: 'completed' })
  })
})

test('what is short gives way to the ladder, and publishing to nothing', async () => {
  const world = streamWorld()
  await server.with(world.activities, async () => {
    const { handle } = await orderPipeline(server, newPipelineOrder('stream'))
    await handle.result()
    const calls = await scheduled(handle)
    const later = calls.filter(({ priority }) => priority?.priorityKey === 4)
    expect(later.map(({ name }) => name).toSorted()).toEqual([
      'makePoster',
      'makePreview',
      'makeStreamStoryboard',
      'makeStreamWaveform',
    ])
    const published = calls.filter(({ taskQueue }) => taskQueue?.name === 'pipelines')
    const names = published.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['publishLadder', 'closeLadder']))
    expect(names).not.toContain('encodeLadderPart')
  })
})
