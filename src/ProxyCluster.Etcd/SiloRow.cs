using System.Text.Json;
using Orleans;
using Orleans.Runtime;

namespace ProxyCluster.Etcd;

/// <summary>
/// A membership entry as it stands in etcd, as JSON for people with <c>etcdctl</c>. Fields that a newer version added are
/// ignored. Times are UTC.
/// </summary>
internal sealed record SiloRow(
    string Address,
    string Status,
    string? HostName,
    string? SiloName,
    int ProxyPort,
    DateTime StartTime,
    DateTime IAmAliveTime,
    SiloRow.Vote[]? Suspicions = null,
    string? RoleName = null,
    int UpdateZone = 0,
    int FaultZone = 0)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Writes an entry.</summary>
    public static byte[] Write(MembershipEntry entry) => JsonSerializer.SerializeToUtf8Bytes(
        new SiloRow(
            entry.SiloAddress.ToParsableString(),
            entry.Status.ToString(),
            entry.HostName,
            entry.SiloName,
            entry.ProxyPort,
            Utc(entry.StartTime),
            Utc(entry.IAmAliveTime),
            entry.SuspectTimes?.Select(static vote => new Vote(vote.Item1.ToParsableString(), Utc(vote.Item2))).ToArray(),
            entry.RoleName,
            entry.UpdateZone,
            entry.FaultZone),
        Json);

    /// <summary>Reads an entry.</summary>
    /// <param name="row">The row's value.</param>
    /// <param name="alive">The last heartbeat's; null for none.</param>
    /// <exception cref="JsonException">Somebody else wrote it.</exception>
    public static MembershipEntry Read(byte[] row, byte[]? alive)
    {
        var read = JsonSerializer.Deserialize<SiloRow>(row, Json) ?? throw new JsonException("a row is null");
        var heartbeat = alive is null ? DateTime.MinValue : JsonSerializer.Deserialize<DateTime>(alive, Json);
        return new MembershipEntry
        {
            SiloAddress = SiloAddress.FromParsableString(read.Address),
            Status = Enum.Parse<SiloStatus>(read.Status),
            HostName = read.HostName!,
            SiloName = read.SiloName!,
            ProxyPort = read.ProxyPort,
            StartTime = read.StartTime,
            // A row that another silo wrote, to vote against this one, holds the heartbeat that the other had read before.
            IAmAliveTime = heartbeat > read.IAmAliveTime ? heartbeat : read.IAmAliveTime,
            SuspectTimes = read.Suspicions?.Select(static vote => Tuple.Create(SiloAddress.FromParsableString(vote.By), vote.At)).ToList(),
            RoleName = read.RoleName,
            UpdateZone = read.UpdateZone,
            FaultZone = read.FaultZone,
        };
    }

    /// <summary>Writes a heartbeat.</summary>
    public static byte[] WriteAlive(MembershipEntry entry) => JsonSerializer.SerializeToUtf8Bytes(Utc(entry.IAmAliveTime), Json);

    // Orleans' times are UTC whatever their kind says.
    private static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);

    /// <summary>Who suspected the silo, and when.</summary>
    internal sealed record Vote(string By, DateTime At);
}
