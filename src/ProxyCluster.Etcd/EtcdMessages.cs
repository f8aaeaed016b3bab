using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Etcd;

// The part of etcd's v3 JSON gateway that is used here (etcd 3.4: api-reference "rpc.proto" as mapped by grpc-gateway).
// Bytes travel as base64, 64-bit integers as strings, and whatever is zero or empty is left out of answers.

/// <summary>How etcd's messages look as JSON.</summary>
internal static class EtcdJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Every answer of etcd has a header. Without this, "{}" from somebody in its place would read as an empty store.
        RespectRequiredConstructorParameters = true,
    };
}

/// <summary>Stands in every answer: the revision of the whole store.</summary>
internal sealed record EtcdHeader(long Revision = 0);

internal sealed record EtcdKeyValue(byte[] Key, byte[]? Value = null, long ModRevision = 0);

internal sealed record EtcdRangeRequest(byte[] Key, byte[]? RangeEnd = null);

internal sealed record EtcdRangeResponse(EtcdHeader Header, EtcdKeyValue[]? Kvs = null)
{
    [JsonIgnore]
    public EtcdKeyValue[] KeyValues => Kvs ?? [];
}

internal sealed record EtcdPutRequest(byte[] Key, byte[] Value);

internal sealed record EtcdDeleteRequest(byte[] Key, byte[]? RangeEnd = null);

/// <summary>One condition of a transaction.</summary>
internal sealed record EtcdCompare(
    byte[] Key, string Target, string Result, long? CreateRevision = null, long? ModRevision = null)
{
    /// <summary>Last changed at this revision; 0 for a key that does not exist.</summary>
    public static EtcdCompare Modified(byte[] key, long revision) => new(key, "MOD", "EQUAL", ModRevision: revision);

    /// <summary>The key exists.</summary>
    public static EtcdCompare Exists(byte[] key) => new(key, "CREATE", "GREATER", CreateRevision: 0);
}

internal sealed record EtcdRequestOp(
    EtcdPutRequest? RequestPut = null, EtcdRangeRequest? RequestRange = null, EtcdDeleteRequest? RequestDeleteRange = null)
{
    public static EtcdRequestOp Put(byte[] key, byte[] value) => new(RequestPut: new(key, value));

    public static EtcdRequestOp Read(byte[] key) => new(RequestRange: new(key));

    public static EtcdRequestOp Delete(byte[] key) => new(RequestDeleteRange: new(key));
}

internal sealed record EtcdTxnRequest(EtcdCompare[] Compare, EtcdRequestOp[] Success, EtcdRequestOp[] Failure);

internal sealed record EtcdResponseOp(EtcdRangeResponse? ResponseRange = null);

internal sealed record EtcdTxnResponse(EtcdHeader Header, bool Succeeded = false, EtcdResponseOp[]? Responses = null)
{
    /// <summary>What the n-th operation read; null when the key does not exist.</summary>
    public EtcdKeyValue? ReadOrNull(int operation) =>
        Responses?.ElementAtOrDefault(operation)?.ResponseRange?.KeyValues.FirstOrDefault();
}

internal sealed record EtcdDeleteResponse(EtcdHeader Header);

internal sealed record EtcdAuthenticateRequest(string Name, string Password);

internal sealed record EtcdAuthenticateResponse(string Token);
