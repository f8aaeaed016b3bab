using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Advisories;

/// <summary>
/// The advisories that this process judges by, in memory.
/// <para>
/// <b>What it promises.</b> One immutable set, swapped whole: whoever looks twice and sees the same <see cref="Version"/> judged by
/// the same set. What was in force when the process ended is in force again before it answers its first request, offline too; it
/// is never less than it was because an update failed.
/// </para>
/// <para>
/// <b>What it leaves to others.</b> It says what is affected, and blocks nothing: what follows from it, by severity, alias or age, is for
/// policy to say. Without <c>Advisories:Database</c> it is empty. Members of a cluster follow the database each by itself, and so may be
/// apart by one <c>Advisories:Every</c>.
/// </para>
/// <para>
/// Road not taken: to keep an answer for each module version that was asked for. A look at a module that no advisory is about is
/// one in a frozen dictionary and allocates nothing; whoever judges often keeps the decision, by <see cref="Version"/>.
/// </para>
/// </summary>
internal sealed class AdvisoryBook(TimeProvider clock)
{
    private State _state = new(AdvisorySet.Empty, 1);

    /// <summary>Those in force.</summary>
    public AdvisorySet Current => Volatile.Read(ref _state).Advisories;

    /// <summary>Counts changes of the set, from 1. Hot path.</summary>
    public int Version => Volatile.Read(ref _state).Version;

    /// <summary>Is there one about any version of a module? Hot path.</summary>
    public bool Concerns(ModulePath module) => Current.Concerns(module.Value);

    /// <summary>
    /// Those that affect a module version and are not withdrawn, by their names; empty for most. Each says its names in other databases,
    /// when it was published and modified, how bad it is where it says so, and the first version above that is fixed.
    /// </summary>
    public IReadOnlyList<AdvisoryMatch> Find(ModuleVersion module) => Current.Find(module.Path.Value, module.Version, clock.GetUtcNow());

    /// <summary>Puts others in force.</summary>
    public void Take(AdvisorySet advisories)
    {
        // One at a time: by whoever follows the database.
        var before = Volatile.Read(ref _state);
        Volatile.Write(ref _state, new State(advisories, before.Version + 1));
    }

    private sealed record State(AdvisorySet Advisories, int Version);
}
