using ProxyCluster.Outcomes;

namespace ProxyCluster.Access;

/// <summary>What a request proves about its client. The default value is a client that says nothing, and is anonymous.</summary>
/// <param name="Who">Who it is; null for an anonymous one.</param>
/// <param name="Refusal">Why it gets no answer: what it says of itself is not true, or cannot be looked at now.</param>
internal readonly record struct ClientLogin(Identity? Who, Failure? Refusal)
{
    /// <summary>What it says is not true.</summary>
    public static ClientLogin Wrong(string why) => new(null, new Failure(FailureKind.WrongLogin, $"the login is not accepted: {why}"));
}
