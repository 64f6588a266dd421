// One notification of the system, kept until it is answered.
import type { Notification, NotificationConstructorOptions } from 'electron';

export type NotificationMaker = new (options: NotificationConstructorOptions) => Pick<Notification, 'on' | 'show'>;

/** A notification that nobody holds may be collected, and then hears no click. */
const shown = new Set<object>();

/** Shows a notification; `failed` hears why the system would not, as macOS will not for an unsigned program. */
export function notify(
  maker: NotificationMaker,
  options: NotificationConstructorOptions,
  { click, failed }: { click(): void; failed?(reason: string): void },
): void {
  const notification = new maker(options);
  const forget = (): void => void shown.delete(notification);
  shown.add(notification);
  notification.on('click', () => {
    forget();
    click();
  });
  notification.on('close', forget);
  notification.on('failed', (_event, reason) => {
    forget();
    failed?.(reason);
  });
  notification.show();
}
