/** One value for every object that is asked about, made when it is first asked for, gone with the object. */
export function oneForEach<Owner extends object, Value>(
  make: (owner: Owner) => Value,
): (owner: Owner) => Value {
  const made = new WeakMap<Owner, Value>();
  return (owner) => {
    if (!made.has(owner)) made.set(owner, make(owner));
    return made.get(owner) as Value;
  };
}
