#pragma once
#include <curl/curl.h>

// Swift cannot call variadic functions: these are curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt, one function
// for each type that an option can have.

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_bytes(CURL *handle, CURLoption option, const void *value);
CURLcode ccurl_set_context(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode ccurl_set_writer(CURL *handle, CURLoption option, curl_write_callback value);
CURLcode ccurl_set_reader(CURL *handle, CURLoption option, curl_read_callback value);
CURLcode ccurl_set_open_socket(CURL *handle, curl_opensocket_callback value);
CURLcode ccurl_set_close_socket(CURL *handle, curl_closesocket_callback value);
CURLcode ccurl_set_before_request(CURL *handle, curl_prereq_callback value);

CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode ccurl_get_context(CURL *handle, void **value);

CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode ccurl_multi_set_watcher(CURLM *multi, curl_socket_callback value, void *context);
CURLMcode ccurl_multi_set_timer(CURLM *multi, curl_multi_timer_callback value, void *context);

/// Copies out the address that a socket is about to be opened for, in network order.
/// Gives the number of bytes: 4, 16, or 0 for a family that is neither IPv4 nor IPv6.
int ccurl_address(const struct curl_sockaddr *address, unsigned char *bytes);

/// Names the calling thread for process listings; fifteen bytes at most.
void ccurl_name_thread(const char *name);

/// Opens the socket that libcurl asked for, closed in child processes; gives CURL_SOCKET_BAD where that fails.
curl_socket_t ccurl_open_socket(const struct curl_sockaddr *address);
