using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>Who holds a module version's bytes. A hint: whoever is asked for them may have let them go.</summary>
internal sealed class HolderState : StoredRecord
{
    private const int AllKinds = (1 << (int)ArtifactKind.Info) | (1 << (int)ArtifactKind.Mod) | (1 << (int)ArtifactKind.Zip);

    /// <summary>All that older versions noted: one, of whatever there is. Nothing is written here any more.</summary>
    public string Authority { get; set; } = "";

    /// <summary>All, newest first.</summary>
    public ImmutableArray<Holder> Holders { get; set; } = [];

    /// <summary>Authorities of those that hold the artifact, newest first.</summary>
    public IEnumerable<string> Of(ArtifactKind kind) =>
        All.Where(holder => holder.Has(kind)).Select(static holder => holder.Authority);

    /// <summary>With one more, which is then the newest, where it is news; the oldest goes where there are too many.</summary>
    public HolderState With(string authority, ArtifactKind kind)
    {
        var all = All.Take(HolderRules.Most).ToImmutableArray();
        var (names, kinds) = (new string[HolderRules.Most], new byte[HolderRules.Most]);
        for (var i = 0; i < all.Length; i++)
            (names[i], kinds[i]) = (all[i].Authority, (byte)all[i].Kinds);

        var count = HolderRules.Note(names, kinds, all.Length, authority, kind);
        var next = names.Take(count).Zip(kinds, static (name, holds) => new Holder(name, holds)).ToImmutableArray();
        return next.SequenceEqual(all) ? this : new() { Holders = next };
    }

    /// <summary>With all that another one knows and this one does not, as far as there is room; what is news to that one counts as newer.</summary>
    public HolderState With(HolderState older) => new()
    {
        Holders = All.Reverse()
            .SelectMany(static holder => Enum.GetValues<ArtifactKind>().Where(holder.Has).Select(kind => (holder.Authority, kind)))
            .Aggregate(older, static (known, held) => known.With(held.Authority, held.kind))
            .All,
    };

    private ImmutableArray<Holder> All => !Holders.IsDefaultOrEmpty ? Holders : Authority.Length > 0 ? [new(Authority, AllKinds)] : [];
}

/// <summary>One holder.</summary>
/// <param name="Authority">Host and port at which members reach it; it outlives a restart, as the disk behind it does.</param>
/// <param name="Kinds">What it holds: a bit for each kind, counted by its number.</param>
internal readonly record struct Holder(string Authority, int Kinds)
{
    /// <summary>Does it hold one?</summary>
    public bool Has(ArtifactKind kind) => (Kinds & (1 << (int)kind)) != 0;
}

/// <summary>The records of this room.</summary>
[JsonSerializable(typeof(HolderState))]
[JsonSerializable(typeof(AgreedState))]
internal sealed partial class GrainStates : JsonSerializerContext;
