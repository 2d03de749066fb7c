import pino, { type Logger } from 'pino'
import type { Settings } from '../config/settings.ts'

/** Structured logs on standard output. What could open a door is cut out wherever it stands. */
export const createLogger = (settings: Settings, name: 'api' | 'worker'): Logger =>
  pino({
    name,
    level: settings.SPOOL_LOG_LEVEL,
    redact: {
      paths: [
        'req.headers.authorization',
        'headers.authorization',
        'authorization',
        'apiKey',
        'secret',
        'webhookSecret',
      ],
      censor: '[redacted]',
    },
  })
