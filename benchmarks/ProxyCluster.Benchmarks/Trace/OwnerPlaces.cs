using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>
/// Where the grain of each module version lives and what it knows of who holds the bytes, in columns. A grain gives up its
/// place when nobody has called it for a while, and loses it with its silo. Its notes go with it, unless the cluster store
/// keeps them (<c>ClusterStore.IsForHints</c>); where it does not, the next one asks the others.
/// </summary>
/// <param name="versions">How many module versions there are.</param>
/// <param name="idleAfter">Seconds without a call after which a grain gives up its place.</param>
/// <param name="isDurable">Whether the cluster store keeps notes.</param>
internal sealed class OwnerPlaces(int versions, uint idleAfter, bool isDurable)
{
    private readonly ushort[] _silo = new ushort[versions];
    private readonly uint[] _called = new uint[versions];
    private readonly ushort[] _holders = new ushort[versions * HolderRules.Most];
    private readonly byte[] _kinds = new byte[versions * HolderRules.Most];
    private readonly byte[] _count = new byte[versions];

    /// <summary>The silo of a module version's grain at the moment of a call, or -1 where it has none.</summary>
    public int FindOr(int version, uint now)
    {
        if (_silo[version] != 0 && now - _called[version] < idleAfter)
        {
            _called[version] = now;
            return _silo[version] - 1;
        }

        Forget(version);
        return -1;
    }

    /// <summary>The grain is activated in a silo.</summary>
    public void Activate(int version, int silo, uint now)
    {
        _silo[version] = (ushort)(silo + 1);
        _called[version] = now;
    }

    /// <summary>Silos are gone, and the grains that lived in them.</summary>
    public void Lose(Func<int, bool> isGone)
    {
        for (var version = 0; version < _silo.Length; version++)
        {
            if (_silo[version] == 0 || !isGone(_silo[version] - 1))
                continue;
            _silo[version] = 0;
            Forget(version);
        }
    }

    /// <summary>The grain notes that a silo has an artifact.</summary>
    public void Note(int version, int silo, ArtifactKind kind)
    {
        var at = version * HolderRules.Most;
        _count[version] = (byte)HolderRules.Note(
            _holders.AsSpan(at, HolderRules.Most), _kinds.AsSpan(at, HolderRules.Most), _count[version], (ushort)silo, kind);
    }

    /// <summary>The silos that are known to hold an artifact, newest first.</summary>
    public IEnumerable<int> HoldersOf(int version, ArtifactKind kind)
    {
        for (var i = 0; i < _count[version]; i++)
        {
            if ((_kinds[(version * HolderRules.Most) + i] & (1 << (int)kind)) != 0)
                yield return _holders[(version * HolderRules.Most) + i];
        }
    }

    /// <summary>Whether anybody is known to hold anything of a module version.</summary>
    public bool KnowsHolders(int version) => _count[version] > 0;

    private void Forget(int version)
    {
        if (!isDurable)
            _count[version] = 0;
    }
}
