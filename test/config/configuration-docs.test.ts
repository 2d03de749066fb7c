import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { settingsSchema } from '../../src/config/settings.ts'

const DOCUMENT = new URL('../../docs/configuration.md', import.meta.url)

interface Row {
  readonly variable: string
  readonly unit: string
  readonly fallback: string
  readonly purpose: string
}

const documentedRows = async (): Promise<Row[]> =>
  (await readFile(DOCUMENT, 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim())
      const [, variable = '', unit = '', fallback = '', purpose = ''] = cells
      return { variable: variable.replaceAll('`', ''), unit, fallback, purpose }
    })

/** What a setting is when its variable is missing, as the table writes it. */
const fallbackOf = (name: keyof typeof settingsSchema.shape): string => {
  const parsed = settingsSchema.shape[name].safeParse(undefined)
  if (!parsed.success) return '**needed**'
  const value = Array.isArray(parsed.data) ? parsed.data.join(',') : (parsed.data ?? '')
  return value === '' ? '' : `\`${value}\``
}

it('documents every setting once, in order, and none that does not exist', async () => {
  const rows = await documentedRows()
  expect(rows.map(({ variable }) => variable)).toEqual(Object.keys(settingsSchema.shape))
})

it('documents the defaults that the code has', async () => {
  for (const { variable, fallback } of await documentedRows()) {
    const name = variable as keyof typeof settingsSchema.shape
    expect(`${variable} ${fallback}`).toBe(`${variable} ${fallbackOf(name)}`)
  }
})

it('says of every setting what its unit is and what it is for', async () => {
  for (const { variable, unit, purpose } of await documentedRows()) {
    expect(unit, variable).not.toBe('')
    expect(purpose.length, variable).toBeGreaterThan(10)
    expect(unit === 'seconds', variable).toBe(variable.endsWith('_SECONDS'))
  }
})
