// A worker whose activities are done by the process that started it; see worker-process.ts.

import { randomUUID } from 'node:crypto'
import { Context } from '@temporalio/activity'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { QUEUES } from '../../src/contracts/queues.ts'
import { beatingUntil } from './activity-fakes.ts'
import type { ActivityAnswer, FromWorkerProcess } from './worker-process.ts'

const [address = '', codePath = '', ...activityNames] = process.argv.slice(2)

const tell = (message: FromWorkerProcess): void => void process.send?.(message)
const answers = new Map<string, (answer: unknown) => void>()
process.on('message', ({ id, answer }: ActivityAnswer) => {
  answers.get(id)?.(answer)
  answers.delete(id)
})
process.on('disconnect', () => process.exit())

const activity = (name: string) => async (input: unknown) => {
  const id = randomUUID()
  const answer = new Promise((resolve) => {
    answers.set(id, resolve)
  })
  tell({ type: 'call', call: { id, name, input } })
  return await (Context.current().info.isLocal ? answer : beatingUntil(answer))
}

Runtime.install({ logger: new DefaultLogger('ERROR') })
const connection = await NativeConnection.connect({ address })
const activities = Object.fromEntries(activityNames.map((name) => [name, activity(name)]))
const workers: Worker[] = []
for (const taskQueue of QUEUES) {
  workers.push(
    await Worker.create({
      connection,
      taskQueue,
      activities,
      maxHeartbeatThrottleInterval: '1 second',
      stickyQueueScheduleToStartTimeout: '1 second',
      ...(taskQueue === 'pipelines' ? { workflowBundle: { codePath } } : {}),
    }),
  )
}
const running = workers.map((worker) => worker.run())
tell({ type: 'ready' })
await Promise.all(running)
