import type { RemoteWork } from '../../contracts/activities.ts'
import { PROVIDED_KINDS, type ProvidedKind } from '../../domain/task-providers.ts'
import type { TaskKind } from '../../domain/task-kinds.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** Where work of this kind is done instead of here, or null: here. */
export const remoteWork = (
  { taskProviders, settings }: Pick<ActivityDependencies, 'taskProviders' | 'settings'>,
  kind: TaskKind,
  options: Readonly<Record<string, unknown>>,
): RemoteWork | null => {
  if (!isProvided(kind)) return null
  const provider = taskProviders.find(({ kinds }) => kinds.includes(kind))
  if (provider === undefined) return null
  const { pollIntervalMs, stallTimeoutMs } = settings
  return { provider: { name: provider.name, pollIntervalMs, stallTimeoutMs }, kind, options }
}

const isProvided = (kind: TaskKind): kind is ProvidedKind =>
  (PROVIDED_KINDS as readonly TaskKind[]).includes(kind)
