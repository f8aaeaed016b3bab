namespace ProxyCluster.Clustering;

/// <summary>
/// A member, written into its silo's name: <c>id region role version http://host:port</c>. The name stands in the
/// membership table, so whoever reads the table knows every member at once, without a call to a silo that may be
/// the very one that does not answer.
/// </summary>
internal static class MemberCard
{
    /// <summary>The name of a member's silo.</summary>
    public static string Write(Member member) =>
        $"{member.Id} {member.Region} {member.Role} {member.Version} {member.Address.GetLeftPart(UriPartial.Authority)}";

    /// <summary>The member whose silo has this name; null for a silo that is none of ours.</summary>
    public static Member? ReadOrNull(string? name) =>
        name?.Split(' ') is [{ Length: > 0 } id, { Length: > 0 } region, var role, var version, var address]
        && Enum.TryParse<Role>(role, out var parsed)
        && Enum.IsDefined(parsed)
        && Uri.TryCreate(address, UriKind.Absolute, out var uri)
            ? new Member(id, region, uri, parsed, version)
            : null;
}
