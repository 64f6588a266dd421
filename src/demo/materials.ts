// What things of the demo's world are made from, and what follows from it: the rules that every thing of a material inherits.

/** One material. Verbs are bare ("rust"), so that "will" and "does not" take them as they are; other fields are noun phrases. */
export interface Material {
  readonly name: string;
  readonly floats: boolean;
  readonly rain: string;
  readonly fire: string;
  readonly dropped: string;
  readonly maker: string;
  readonly cleaner: string;
  readonly mender: string;
  readonly source: string;
}

// name | floats or sinks | in the rain | in a fire | when dropped | maker | cleaned with | mended with | where it comes from
const TABLE = `
iron    | sinks  | rust         | glow red         | ring like a bell   | smith       | sand         | rivets       | the hill mine
copper  | sinks  | turn green   | glow green       | bend               | tinker      | vinegar      | solder       | the red hills
tin     | sinks  | grow dull    | melt at once     | get a dent         | tinker      | chalk        | solder       | the river bed
silver  | sinks  | turn black   | melt slowly      | get a scratch      | jeweller    | chalk        | solder       | the deep mine
glass   | sinks  | stay clear   | crack            | shatter            | glassblower | vinegar      | clear glue   | the beach
clay    | sinks  | grow soft    | get hard         | break in two       | potter      | warm water   | wet clay     | the river bank
stone   | sinks  | get slippery | stay cold        | chip               | mason       | sand         | mortar       | the quarry
oak     | floats | swell        | burn slowly      | land with a thud   | carpenter   | oil          | wood glue    | the old forest
pine    | floats | warp         | burn quickly     | split              | carpenter   | oil          | wood glue    | the high forest
bone    | sinks  | turn yellow  | turn black       | crack              | carver      | chalk        | clear glue   | the butcher
wool    | floats | shrink       | smoke            | land softly        | knitter     | soap         | yarn         | the sheep
cotton  | floats | get soaked   | flare up         | make no sound      | weaver      | soap         | thread       | the south fields
leather | sinks  | grow stiff   | curl up          | flop down          | saddler     | grease       | thread       | the cows
paper   | floats | fall apart   | burn to ash      | drift down         | printer     | a dry cloth  | paste        | the mill
wax     | floats | shed water   | drip             | crumble            | chandler    | cold water   | a hot knife  | the bees
rubber  | floats | stay dry     | stink            | bounce             | moulder     | warm water   | a patch      | the far islands
`;

export const MATERIALS: readonly Material[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [name, water, rain, fire, dropped, maker, cleaner, mender, source] = line.split('|').map((cell) => cell.trim());
    return {
      name: name!,
      floats: water === 'floats',
      rain: rain!,
      fire: fire!,
      dropped: dropped!,
      maker: maker!,
      cleaner: cleaner!,
      mender: mender!,
      source: source!,
    };
  });

export const MATERIAL: ReadonlyMap<string, Material> = new Map(MATERIALS.map((material) => [material.name, material]));
