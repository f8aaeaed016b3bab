using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Clustering.Etcd;

// The part of etcd's v3 JSON gateway that the engine uses (etcd 3.4: api-reference "rpc.proto" as mapped by grpc-gateway).
// Bytes travel as base64, 64-bit integers as strings, and whatever is zero or empty is left out of answers.

/// <summary>How etcd's messages look as JSON.</summary>
internal static class EtcdJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}

/// <summary>Stands in every answer: which cluster answered, at which revision of its whole store.</summary>
internal sealed record EtcdHeader(ulong ClusterId = 0, long Revision = 0);

internal sealed record EtcdKeyValue(
    byte[] Key, byte[]? Value = null, long CreateRevision = 0, long ModRevision = 0, long Lease = 0);

internal sealed record EtcdRangeRequest(
    byte[] Key, byte[]? RangeEnd = null, long? Limit = null, bool? KeysOnly = null, string? SortOrder = null, string? SortTarget = null);

internal sealed record EtcdRangeResponse(EtcdHeader Header, EtcdKeyValue[]? Kvs = null, long Count = 0)
{
    [JsonIgnore]
    public EtcdKeyValue[] KeyValues => Kvs ?? [];
}

internal sealed record EtcdPutRequest(byte[] Key, byte[] Value, long Lease);

internal sealed record EtcdPutResponse(EtcdHeader Header);

/// <summary>One condition of a transaction: exactly one of the revisions is set and must be equal.</summary>
internal sealed record EtcdCompare(
    byte[] Key, string Target, long? CreateRevision = null, long? ModRevision = null, string Result = "EQUAL")
{
    public static EtcdCompare Created(byte[] key, long revision) => new(key, "CREATE", CreateRevision: revision);

    public static EtcdCompare Modified(byte[] key, long revision) => new(key, "MOD", ModRevision: revision);
}

internal sealed record EtcdRequestOp(EtcdPutRequest? RequestPut = null, EtcdRangeRequest? RequestRange = null);

internal sealed record EtcdTxnRequest(EtcdCompare[] Compare, EtcdRequestOp[] Success, EtcdRequestOp[] Failure);

internal sealed record EtcdResponseOp(EtcdRangeResponse? ResponseRange = null);

internal sealed record EtcdTxnResponse(EtcdHeader Header, bool Succeeded = false, EtcdResponseOp[]? Responses = null)
{
    /// <summary>What the n-th operation read; null when the key does not exist.</summary>
    public EtcdKeyValue? ReadOrNull(int operation) =>
        Responses?.ElementAtOrDefault(operation)?.ResponseRange?.KeyValues.FirstOrDefault();
}

internal sealed record EtcdLeaseRequest(
    [property: JsonPropertyName("ID")] long? Id = null, [property: JsonPropertyName("TTL")] long? Ttl = null);

/// <summary>A lease; a TTL of 0 in answer to a renewal says that it is gone.</summary>
internal sealed record EtcdLease(
    EtcdHeader Header, [property: JsonPropertyName("ID")] long Id = 0, [property: JsonPropertyName("TTL")] long Ttl = 0);

internal sealed record EtcdRevokeResponse(EtcdHeader Header);

internal sealed record EtcdAuthenticateRequest(string Name, string Password);

internal sealed record EtcdAuthenticateResponse(EtcdHeader Header, string Token = "");

internal sealed record EtcdStatus(EtcdHeader Header, string Version = "", ulong Leader = 0);

internal sealed record EtcdWatchRequest(EtcdWatchCreateRequest CreateRequest);

internal sealed record EtcdWatchCreateRequest(byte[] Key, byte[] RangeEnd, long StartRevision, bool ProgressNotify);

/// <summary>One change; a put has no type.</summary>
internal sealed record EtcdEvent(EtcdKeyValue Kv, string? Type = null)
{
    [JsonIgnore]
    public bool IsDelete => Type == "DELETE";
}

internal sealed record EtcdWatchResponse(
    EtcdHeader Header, bool Created = false, bool Canceled = false, long CompactRevision = 0, string? CancelReason = null, EtcdEvent[]? Events = null);

/// <summary>A line of a stream: a result, or an error in its place.</summary>
internal sealed record EtcdStreamLine<T>(T? Result, JsonElement? Error = null);
