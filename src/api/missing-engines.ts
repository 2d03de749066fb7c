import { MediaError } from '../domain/failures.ts'
import type { ApiSettings } from './dependencies.ts'

type Engine = keyof ApiSettings['missingSettings']

const WORK: Readonly<Record<Engine, string>> = {
  speech: 'transcription',
  translation: 'translation',
}

/** What this server has no engine for is said before any work starts. `needed` names the engines that an
 * order needs, and the field that asks for each. *Errors:* NOT_CONFIGURED. */
export const refuseMissingEngines = (
  { missingSettings }: ApiSettings,
  needed: readonly { readonly path: string; readonly engine: Engine }[],
): void => {
  const problems = needed.flatMap(({ path, engine }) => {
    const setting = missingSettings[engine]
    if (setting === null) return []
    const message = `${WORK[engine]} needs the setting ${setting}, which this server does not have`
    return [{ path, message, fix: 'Ask whoever runs the server.' }]
  })
  if (problems.length === 0) return
  const paths = problems.map(({ path }) => path).join(', ')
  throw new MediaError('NOT_CONFIGURED', `no engine for ${paths}`, { problems })
}
