using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Admin;

/// <summary>Which clients ask a member most: what <c>/-/admin/v1/clients</c> answers.</summary>
/// <param name="Time">When it was read, UTC.</param>
/// <param name="By">Id of the member that was asked: each counts what it sees.</param>
/// <param name="Minute">The last minute.</param>
/// <param name="TenMinutes">The last ten.</param>
internal sealed record ClientsAnswer(DateTimeOffset Time, string By, ClientsOfWindow Minute, ClientsOfWindow TenMinutes)
{
    /// <summary>Reads a member's figures.</summary>
    public static ClientsAnswer Of(ClientWindow clients, string by, DateTimeOffset time) => new(
        time, by, ClientsOfWindow.Of(clients.Read(ClientWindow.Minute)), ClientsOfWindow.Of(clients.Read(ClientWindow.TenMinutes)));
}

/// <summary>Those of one window, in three orders, most first.</summary>
/// <param name="Clients">How many are told apart.</param>
/// <param name="Total">Everybody together.</param>
/// <param name="Untracked">Those together that are not told apart: no figure below is too low by more than this.</param>
/// <param name="ByRequests">By requests.</param>
/// <param name="ByRefused">By refusals; who had none is not in it.</param>
/// <param name="ByQueueTime">By time in queues; the same.</param>
internal sealed record ClientsOfWindow(
    int Clients,
    ClientLine Total,
    ClientLine Untracked,
    ImmutableArray<ClientLine> ByRequests,
    ImmutableArray<ClientLine> ByRefused,
    ImmutableArray<ClientLine> ByQueueTime)
{
    private const int MaxShown = 20;

    public static ClientsOfWindow Of(ClientReading read)
    {
        return new(
            read.Clients.Count,
            ClientLine.Of(null, read.Total),
            ClientLine.Of(null, read.Untracked),
            By(static figures => figures.Requests),
            By(static figures => figures.Refused),
            By(static figures => figures.Queued.Ticks));

        ImmutableArray<ClientLine> By(Func<ClientFigures, long> figure) =>
        [
            .. read.Clients
                .Where(one => figure(one.Value) > 0)
                .OrderByDescending(one => figure(one.Value))
                .Take(MaxShown)
                .Select(static one => ClientLine.Of(one.Key.ToString(), one.Value)),
        ];
    }
}

/// <summary>One client's figures.</summary>
/// <param name="Client">Its IPv4 address, the /64 of its IPv6 one, or a dash for who has none; null for several together.</param>
/// <param name="Requests">How often it asked.</param>
/// <param name="Refused">How often it was turned away: by a limit, or at the door.</param>
/// <param name="QueueSeconds">Time that its work waited for turns, all of it added up.</param>
internal sealed record ClientLine(string? Client, long Requests, long Refused, double QueueSeconds)
{
    public static ClientLine Of(string? client, ClientFigures figures) =>
        new(client, figures.Requests, figures.Refused, Math.Round(figures.Queued.TotalSeconds, 1));
}

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClientsAnswer))]
internal sealed partial class ClientsJson : JsonSerializerContext;
