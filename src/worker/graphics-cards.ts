// The graphics cards of this machine, as its system names them. It is asked in the worker, since drivers are slow to answer and may hang.
import { graphics } from 'systeminformation';

export interface GraphicsCard {
  readonly name: string;
  /** Undefined where the system does not say, or where it is the machine's own memory. */
  readonly memoryBytes?: number;
  readonly driver?: string;
}

/** None where the system does not tell. */
export async function listGraphicsCards(): Promise<GraphicsCard[]> {
  const { controllers } = await graphics().catch(() => ({ controllers: [] }));
  return controllers.map(({ vendor, model, vram, vramDynamic, driverVersion }) => ({
    name: model.startsWith(vendor) ? model : `${vendor} ${model}`,
    ...(vram && !vramDynamic ? { memoryBytes: vram * 2 ** 20 } : {}),
    ...(driverVersion ? { driver: driverVersion } : {}),
  }));
}
